"""One file per verb: flags, worked examples, one call into the library."""
