"""Where consumers stand is kept in the service's own database, with what is known to be missing of each source.

Revision ID: 0005
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0005"
down_revision = "0004"
stage, when = "expand", "before"
operators = "Adds tables. Positions are seeded as those of the event stores."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table missing, compared_sources, consumer_positions")
