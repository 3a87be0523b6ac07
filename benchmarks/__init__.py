"""Benchmarks that anyone can run: ./aftale bench NAME."""
