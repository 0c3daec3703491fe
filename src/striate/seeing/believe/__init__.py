"""Whether to believe a map: checks that can convict it on this very network, and never one trust score."""
