"""A name that a command releases is free for that command, so that places in calendars can be exchanged (R17).

The append() of the release before stays as it is: it refuses such an exchange, and its processes ask for none.

Revision ID: 0012
"""

from pathlib import Path

from migrations.scripts import run_script

revision = "0012"
down_revision = "0011"
stage, when = "expand", "before"
operators = "Replaces a function; nothing is locked, and nothing has to be done."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Revision 0011 drops the function."""
