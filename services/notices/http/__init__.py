"""Notices over HTTP: what was told of a case, to whom, and what is due."""
