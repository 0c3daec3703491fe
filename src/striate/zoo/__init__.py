"""Networks as text: one small file per family, paper on line 1. `catalogue.py` lists them all."""
