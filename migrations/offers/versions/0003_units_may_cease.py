"""A unit may cease.

Revision ID: 0003
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"
stage, when = "expand", "before"
operators = "Allows null in columns of the units; takes their lock for a moment."


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("delete from units where cvr is null")
    op.execute("alter table units alter column cvr set not null, alter column industry set not null")
