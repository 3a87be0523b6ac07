"""Under a virtual clock a fact is recorded at that clock's time, so that a demo can travel in time (R26).

Revision ID: 0009
"""

from pathlib import Path

from migrations.scripts import run_script

revision = "0009"
down_revision = "0008"
stage, when = "expand", "before"
operators = "Replaces functions. Only a demonstration has a virtual clock."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """The first revision takes the function back."""
