"""Notices keep a feed for the company portal, and how far it was pushed there.

Revision ID: 0002
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0002"
down_revision = "0001"
stage, when = "expand", "before"
operators = "Adds three tables; the feed fills by itself. Nothing is pushed until `AFTALE_PORTAL_URL` is set."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table portal_entries, portal_feed, portal_webhook")
