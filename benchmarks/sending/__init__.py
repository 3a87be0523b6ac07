"""Measures sending: ./aftale bench sending."""
