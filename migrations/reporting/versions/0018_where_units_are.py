"""A unit has a postcode, and a street with its number, where the business register says them (R42).

Revision ID: 0018
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0018"
down_revision = "0017"
stage, when = "expand", "before"
operators = (
    "Adds two columns to the units, and the postcode to the view of units; takes their locks for a moment. Units that "
    "are known already get theirs when the register publishes them again."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    # The view keeps the column, since another view may be made of it, and reads it from no table.
    op.execute(
        """create or replace view v_units as
             select p_number, cvr, industry, sector, size_class, effective_from,
                    lead(effective_from) over (partition by p_number order by effective_from) as effective_until,
                    null::text as postcode
             from units"""
    )
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table units{suffix} drop column postcode, drop column address")
