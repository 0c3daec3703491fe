"""Named sets: which there are, getting one, unpacking it safely, and the two made here."""
