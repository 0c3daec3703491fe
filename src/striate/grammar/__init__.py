"""A line of text <-> a network. Only `build.py` and `trace.py` import torch."""
