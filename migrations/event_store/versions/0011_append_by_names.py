"""append() takes rows whose fields have names, an array of them per table.

The append() of the release before, with 38 arrays, stays beside it: processes of that release call it while they are
replaced. The release after this one drops it (docs/decisions/0032).

Revision ID: 0011
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0011"
down_revision = "0010"
stage, when = "expand", "before"
operators = (
    "Adds a function, and the types of its rows; nothing is locked, and nothing has to be done. The function that it "
    "stands beside is dropped by a migration of the next release."
)

_TYPES = ("command", "write", "event", "timer", "reservation", "private_key")


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("""drop function append(append_command[], append_write[], append_event[], append_timer[],
                                       append_reservation[], append_reservation[], append_private_key[])""")
    for name in _TYPES:
        op.execute(f"drop type append_{name}")
