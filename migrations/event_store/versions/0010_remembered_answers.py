"""Idempotency keys are forgotten by age: they are found by an index, and aged by the clock of the service.

Revision ID: 0010
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0010"
down_revision = "0009"
stage, when = "expand", "before"
operators = (
    "Builds an index while commands go on: it reads the whole table of answers, and waits for "
    "transactions that have begun."
)


def upgrade() -> None:
    """The index is built while commands go on; what an attempt that was cut off has left is taken away first."""
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = 0")  # this one may wait: nobody waits for it
        op.execute("drop index if exists handled_handled_at_idx")
        op.execute("create index concurrently handled_handled_at_idx on handled (handled_at)")
        op.execute("reset lock_timeout")
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("drop index handled_handled_at_idx")
    op.execute("alter table handled alter column handled_at set default now()")
