"""Looks up what the rules of notices need."""
