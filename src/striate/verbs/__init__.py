"""What crosses packages: one file per verb. The command line, the studio and `striate.*` call these."""
