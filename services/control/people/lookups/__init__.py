"""Look-ups in the directory; they do I/O."""
