"""How far a service has come with what a release carries out once over its streams.

Revision ID: 0008
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0008"
down_revision = "0007"
stage, when = "expand", "before"
operators = "Adds a table, and takes no lock on what is there."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table release_steps")
