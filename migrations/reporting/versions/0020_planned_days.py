"""A place of an agreement has the day on which its control is planned (R17).

Revision ID: 0020
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0020"
down_revision = "0019"
stage, when = "expand", "before"
operators = "Adds a column to the places of agreements; takes their lock for a moment."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table places{suffix} drop column planned_on")
