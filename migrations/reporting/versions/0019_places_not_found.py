"""A case says for which places no day was found for a control, or for the inspection after a no.

Revision ID: 0019
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0019"
down_revision = "0018"
stage, when = "expand", "before"
operators = "Adds a column to the area of the control and to views; takes their locks for a moment."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    # The views keep the column, since others are made of them, and read it from no table.
    for suffix in ("", "_rebuilt"):
        op.execute(
            f"""do $$ begin
                  execute 'create or replace view cases{suffix} as '
                    || replace(pg_get_viewdef('cases{suffix}'::regclass), 'control.places_not_found', 'null::jsonb');
                end $$"""
        )
        op.execute(f"alter table case_control{suffix} drop column places_not_found")
