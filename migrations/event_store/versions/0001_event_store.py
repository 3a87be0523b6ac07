"""The event store: log, streams, events, and what stands beside them.

Revision ID: 0001
"""

from pathlib import Path

from alembic import op

import shared.kernel
from migrations.scripts import run_script

revision = "0001"
down_revision = None

_SQL = Path(shared.kernel.__file__).parent / "sql"


def upgrade() -> None:
    for name in ("schema.sql", "positions.sql", "parked.sql", "append.sql"):
        run_script(_SQL / name)


def downgrade() -> None:
    op.execute("drop function append")
    op.execute("drop function ensure_partitions")
    op.execute("drop function newest_position")
    op.execute(
        """drop table discarded, parked, republications, relay, private_keys, reservations, timers, inbox, handled,
           events, streams, log"""
    )
