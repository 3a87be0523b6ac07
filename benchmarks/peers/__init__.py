"""Compares Aftale with the libraries that a user would otherwise pick, measured and checked in the same run."""
