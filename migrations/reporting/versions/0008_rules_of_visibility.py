"""Companies are served rows that were folded by the rules of visibility of the release that serves them (R18).

Revision ID: 0008
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0008"
down_revision = "0007"
stage, when = "expand", "before"
operators = (
    "Adds columns to the one row of the checkpoint. The first process of this release folds the "
    "companies' rows anew; until it has, companies are answered 503."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("alter table checkpoint drop column visibility, drop column companies_state")
