"""The rules of notices: who is told of what, and when. Pure."""
