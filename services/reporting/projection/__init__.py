"""Takes facts into the read model, keeps a copy of each, and rebuilds the rows from it."""
