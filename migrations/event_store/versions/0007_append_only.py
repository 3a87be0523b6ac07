"""Services own nothing and change no event: partitions are made for them, and a raised epoch stands beside the events.

Revision ID: 0007
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"
stage, when = "expand", "before"
operators = (
    "The log becomes append-only for the logins of the services. Processes of the release before work "
    "under other logins and go on; once they have ended, run the migrations again: only then is their "
    "history closed to changes."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop function refuse_to_change_history cascade")
    op.execute("drop table raised_epochs")
