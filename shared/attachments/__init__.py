"""Files that facts refer to: stored apart from the facts, and encrypted with a key of their case."""
