"""Shapes before tensors: integers only, no torch, no NumPy."""
