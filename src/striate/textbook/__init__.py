"""Layers one can read: every layer of the lectures in plain NumPy, forward and backward."""
