"""Everything up to the answer, and the register of quarantines."""
