"""The name of this release."""

RELEASE = "2026.12"
"""Connections to PostgreSQL carry it, so that a migration knows whether processes of another release still run."""
