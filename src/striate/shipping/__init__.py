"""A model leaves home: the trained classifier, ready to be asked."""
