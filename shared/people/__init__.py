"""The people of the authority who stand in cases: inspectors, by id, name and centre (R42)."""
