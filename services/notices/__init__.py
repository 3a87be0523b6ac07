"""Notices: whoever has to do with a case is told in time, once, and by a way that is known to work."""
