"""The agreement that a fact follows from is written beside the fact, and no longer computed by a function.

Revision ID: 0014
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0014"
down_revision = "0013"
stage, when = "expand", "before"
operators = (
    "Adds a column beside the facts, fills it for those that follow from an agreement, and indexes it, in "
    "one transaction: as long as that takes, reporting takes no new facts and goes on answering. The next "
    "release drops the function that said the same, and its index."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("alter table facts_as_understood drop column follows")
