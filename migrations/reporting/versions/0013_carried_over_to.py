"""An agreement that was carried over to the unit's new owner names the one with which it goes on (R40).

Revision ID: 0013
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0013"
down_revision = "0012"
stage, when = "expand", "before"
operators = (
    "Adds a column to the cases and to views; takes their locks for a moment. A rebuild fills it for cases from before."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    # The views keep the column, since others are made of it, and read it from no table.
    op.execute(
        """do $$ begin
             execute 'create or replace view v_cases as '
               || replace(pg_get_viewdef('v_cases'::regclass), 'c.carried_over_to', 'null::uuid as carried_over_to');
           end $$"""
    )
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table cases{suffix} drop column carried_over_to")
