"""Places, time, termination, extensions, what follows a no: what the view shows of every rule.

Revision ID: 0002
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop view v_involvement, v_time, v_places")
