"""Services own nothing and change no event: partitions are made for them, and a raised epoch stands beside the events.

Revision ID: 0007
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop function refuse_to_change_history cascade")
    op.execute("drop table raised_epochs")
