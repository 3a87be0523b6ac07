"""Where consumers stand is kept in the service's own database, with what is known to be missing of each source.

Revision ID: 0004
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0004"
down_revision = "0003"
stage, when = "expand", "before"
operators = (
    "Adds tables. The positions of consumers are seeded once from what Kafka has committed, with the "
    "services stopped: `python -m migrations` does it after the schemas."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table missing, compared_sources, consumer_positions")
