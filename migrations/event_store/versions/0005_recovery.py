"""What a start after a restore rests on: how far own facts were checked, and what was recovered from Kafka.

Revision ID: 0005
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0005"
down_revision = "0004"
stage, when = "expand", "before"
operators = "Adds tables, and takes no lock on what is there."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table unrecoverable_facts, recovered_facts, recovered_commands, restores, own_records_checked")
