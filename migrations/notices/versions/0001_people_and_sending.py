"""Notices know the people of the authority, and keep a journal of what they send.

Revision ID: 0001
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0001"
down_revision = None
stage, when = "expand", "before"
operators = "Adds the tables of a new service; `people` fills from the topic of that name. Nothing is to be done."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    for table in ("people", "sending", "returned"):
        op.execute(f"drop table {table}")
