"""Pictures changed a little, so that a network learns what does not matter: one small file for each way.

Every way is three things: `draw` (random numbers by the address of the picture), `apply` (whole
batches, uint8 in and out) and `size` (of what comes out). `chain.py` puts them in a row and knows the
presets.
"""
