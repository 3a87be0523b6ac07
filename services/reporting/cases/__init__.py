"""What a case is, and how facts change its rows: pure functions."""
