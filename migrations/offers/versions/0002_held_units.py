"""Units are held after a fact about them was passed over.

Revision ID: 0002
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0002"
down_revision = "0001"
stage, when = "expand", "before"
operators = "Adds a table, and takes no lock on what is there."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table held_units")
