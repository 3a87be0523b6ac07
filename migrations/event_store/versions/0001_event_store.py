"""The event store: log, streams, events, and what stands beside them.

Revision ID: 0001
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop function append")
    op.execute("drop function ensure_partitions")
    op.execute("drop function newest_position")
    op.execute(
        """drop table discarded, parked, republications, relay, private_keys, reservations, timers, inbox, handled,
           events, streams, log"""
    )
