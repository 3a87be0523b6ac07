"""A case knows the centre of its responsible inspector (R26, R42).

Revision ID: 0010
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0010"
down_revision = "0009"
stage, when = "expand", "before"
operators = (
    "Adds a column to the cases and to a view; takes their locks for a moment. A rebuild fills it for "
    "cases from before."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    # The view keeps the column, since others are made of it, and reads it from no table.
    op.execute(
        """do $$ begin
             execute 'create or replace view v_cases as '
               || replace(pg_get_viewdef('v_cases'::regclass), 'c.centre', 'null::text as centre');
           end $$"""
    )
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table cases{suffix} drop column centre")
