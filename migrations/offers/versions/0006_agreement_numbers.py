"""Agreements have numbers: a year and a running number in it (R26).

Revision ID: 0006
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0006"
down_revision = "0005"
stage, when = "expand", "before"
operators = "Adds a small table. Offers that a process of the release before sends have no number."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table agreement_numbers")
