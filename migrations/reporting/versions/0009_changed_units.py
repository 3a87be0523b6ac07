"""Units change their legal entity while a case is open, and may cease (R40).

Revision ID: 0009
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0009"
down_revision = "0008"
stage, when = "expand", "before"
operators = "Adds columns to the cases; takes their lock for a moment. A rebuild fills them for cases from before."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table cases{suffix} drop column changed_units")
        op.execute(f"delete from units{suffix} where cvr is null")
        for column in ("cvr", "name", "industry", "sector", "size_class"):
            op.execute(f"alter table units{suffix} alter column {column} set not null")
