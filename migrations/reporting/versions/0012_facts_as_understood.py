"""What a release understands of each fact stands beside the facts, which are only added (R18, R30).

Revision ID: 0012
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0012"
down_revision = "0011"
stage, when = "expand", "before"
operators = (
    "Copies two columns of every fact into a table of its own and indexes it, in one transaction: as long as "
    "that takes, reporting takes no new facts and goes on answering. The next release drops the two columns "
    "and the trigger."
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute(
        """create or replace view v_facts as
           select position, source, stream, epoch, version, event_id, type, schema_version, data - 'name' as data,
                  occurred_at, recorded_at, received_at, actor, policy, case_id, on_behalf_of
           from facts"""
    )
    op.execute("drop table facts_as_understood")
    op.execute("drop function understand_as_the_release_before cascade")
    op.execute("create index facts_of_no_case on facts (position) where case_id is null")
