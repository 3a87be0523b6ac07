"""The newest position is read from the events; the row of the log is locked and no longer changed.

Revision ID: 0003
"""

from pathlib import Path

from alembic import op

import shared.kernel
from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"

_SQL = Path(shared.kernel.__file__).parent / "sql"


def upgrade() -> None:
    """For a schema that was made before; in a new one it is so from the beginning."""
    op.execute("alter table log drop column if exists position")
    for name in ("positions.sql", "append.sql"):
        run_script(_SQL / name)


def downgrade() -> None:
    """The first revision takes all of it back."""
