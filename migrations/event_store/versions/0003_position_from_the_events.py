"""The newest position is read from the events; the row of the log is locked and no longer changed.

Revision ID: 0003
"""

from pathlib import Path

from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """In a new schema it is so from the beginning.

    Where there is the column `log.position` it stays, for appends of the release before that are under way.
    """
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """The first revision takes all of it back."""
