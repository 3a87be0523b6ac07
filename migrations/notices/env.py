"""Runs the chain; alembic calls this file."""

from migrations.environment import run

run()
