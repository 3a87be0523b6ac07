"""How guidance and orders stand now, in the row of a case.

Revision ID: 0003
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop view v_guidance")
    for suffix in ("", "_rebuilt"):
        for column in ("guidance_stands", "guidance_in_time", "contacts", "controls", "orders"):
            op.execute(f"alter table cases{suffix} drop column {column}")
