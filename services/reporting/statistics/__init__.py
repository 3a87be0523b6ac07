"""Figures and the catalogue of measures over HTTP."""
