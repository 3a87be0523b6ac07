"""Files that facts refer to: kept apart from the facts, encrypted under a key of their case."""
