"""The letter of an offer names the unit (R1).

Revision ID: 0004
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0004"
down_revision = "0003"
stage, when = "expand", "before"
operators = "Adds a column to the units; takes their lock for a moment. Names come with the register's next facts."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("alter table units drop column name")
