"""Facts can be read case by case, as a rebuild folds them; a checkpoint says who wrote the rows last.

Revision ID: 0004
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop index facts_of_no_case")
    op.execute("drop index facts_that_follow")
    op.execute("drop function follows")
    op.execute("alter table checkpoint drop column state")
