"""Policies: dated files with the choices that the law leaves open, and the code that reads them."""
