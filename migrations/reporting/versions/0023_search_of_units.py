"""Units are found by name, address and number, and sort in Danish order (R26).

Revision ID: 0023
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0023"
down_revision = "0022"
stage, when = "expand", "before"
operators = (
    "Adds columns and indexes to the units; takes their lock for a moment. Units that are known already are found once "
    "the view is folded anew, which this release does by itself after its start."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table units{suffix} drop column searched, drop column grams, drop column sort_key")
