"""Parked messages are replaced by sound copies, and asked of their sources by operators.

Revision ID: 0006
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0006"
down_revision = "0005"
stage, when = "expand", "before"
operators = "Adds tables and columns to those of parked messages; takes their locks for a moment."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table retakes, replaced")
