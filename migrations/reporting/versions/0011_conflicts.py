"""Conflicts tie two cases, and are counted where they are to be looked into (R8, R41).

Revision ID: 0011
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0011"
down_revision = "0010"
stage, when = "expand", "before"
operators = (
    "Adds a table, a column and a view; takes the lock of the cases for a moment. A rebuild fills them "
    "for cases from before."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop view v_conflicts")
    for suffix in ("_rebuilt", ""):
        op.execute(f"drop table links{suffix}")
        op.execute(f"alter table cases{suffix} drop column open_conflicts")
