"""The trigger of the facts, which are only added.

Revision ID: 0007
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"
stage, when = "expand", "before"
operators = "As 0007 of the event stores, for the facts."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop function refuse_to_change_history cascade")
