"""Cases have numbers by which people name them (R26).

Revision ID: 0022
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0022"
down_revision = "0021"
stage, when = "expand", "before"
operators = "Adds a column with an index to the cases, and to the views of cases; takes their locks for a moment."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    # The views keep the column, since others are made of them, and read it from no table.
    for view in ("cases", "cases_rebuilt"):
        op.execute(
            f"""do $$ begin
                  execute 'create or replace view {view} as '
                    || replace(pg_get_viewdef('{view}'::regclass), 'core.number', 'null::text as number');
                end $$"""
        )
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table case_core{suffix} drop column number")
