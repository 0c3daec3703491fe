"""The figures Striate holds itself to. `python -m bench` prints the quick form; no figure decides a test."""
