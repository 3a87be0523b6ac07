"""The people of the authority who occur in cases: inspectors, by id, name and centre (R42)."""
