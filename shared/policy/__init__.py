"""Choices that the source leaves open: dated files, and what reads them."""
