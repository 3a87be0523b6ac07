"""Companies are served rows that were folded by the rules of visibility of the release that serves them (R18).

Revision ID: 0007
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("alter table checkpoint drop column visibility, drop column companies_state")
