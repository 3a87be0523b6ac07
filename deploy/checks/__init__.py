"""Checks of our own, run with the others by `./aftale test`."""
