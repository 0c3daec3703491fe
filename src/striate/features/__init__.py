"""BEFORE CONVNETS: what pictures were described by, and what learned from that, in NumPy and in batches."""
