"""Checks that this project adds to the usual ones; `./aftale test` runs all of them."""
