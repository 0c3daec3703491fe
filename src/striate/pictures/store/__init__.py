"""Prepared once: the decoded store on disk, and the crew that fills it."""
