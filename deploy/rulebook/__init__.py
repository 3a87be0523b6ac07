"""Generates documents about the rules and the process from the code and its tests, so that they cannot drift."""
