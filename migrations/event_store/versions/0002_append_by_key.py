"""Append reaches every table by its key, whatever a session knew of its size when it first planned.

Revision ID: 0002
"""

from pathlib import Path

from migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """The function of the first release did the same, slower: it is left as it is."""
