"""Conflicts tie two cases, and are counted where they are to be looked into (R8, R41).

Revision ID: 0011
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop view v_conflicts")
    for suffix in ("_rebuilt", ""):
        op.execute(f"drop table links{suffix}")
        op.execute(f"alter table cases{suffix} drop column open_conflicts")
