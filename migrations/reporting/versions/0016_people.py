"""The service knows the people of the authority.

Revision ID: 0016
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0016"
down_revision = "0015"
stage, when = "expand", "before"
operators = (
    "Adds the table `people`, which fills from the new topic `people`: the directory publishes again there what it had "
    "published on `agreements`, so nothing is to be done. Locks nothing that exists."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop table people")
