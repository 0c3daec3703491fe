"""Answers over HTTP: a front process that speaks with clients, model processes that look at pictures."""
