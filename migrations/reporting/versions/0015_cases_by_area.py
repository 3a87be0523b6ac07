"""A case has a table for each of its areas, and `cases` is a view of the whole row.

Revision ID: 0015
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0015"
down_revision = "0014"
stage, when = "expand", "before"
operators = (
    "Splits the rows of cases into a table for each area, in one transaction: about five minutes per "
    "million cases, in which reporting takes no new facts and goes on answering. At its end it waits for a moment "
    "in which nobody reads the cases. Processes of the release before go on, by triggers that the next "
    "release drops."
)
_AREAS = ("core", "deadlines", "offer", "guidance", "control", "after", "order", "time_spent")
_INDEXES = (
    "create index on cases (audience, opened_at desc, case_id desc)",
    "create index on cases (audience, cvr, opened_at desc, case_id desc)",
    "create index on cases (audience, p_number, opened_at desc, case_id desc)",
    "create index on cases (audience, inspector, opened_at desc, case_id desc)",
    "create index on cases (audience, centre, opened_at desc, case_id desc)",
    "create index on cases (audience, topic, opened_at desc, case_id desc)",
    "create index on cases (audience, problem_group, opened_at desc, case_id desc)",
    "create index on cases (audience, case_type, status, opened_at desc, case_id desc)",
    "create index on cases (audience, next_due) where next_due is not null",
    "create index on cases (agreement_id) where agreement_id is not null",
)


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("alter view cases rename to cases_by_area")
    op.execute("create table cases as select * from cases_by_area")
    op.execute("alter table cases add primary key (case_id, audience)")
    for index in _INDEXES:
        op.execute(index)
    op.execute(
        """do $$
           declare reader text;
           begin
             foreach reader in array array['v_cases', 'v_guidance'] loop
               execute format('create or replace view %I as ', reader)
                 || replace(pg_get_viewdef(reader::regclass), 'cases_by_area', 'cases');
             end loop;
           end $$"""
    )
    op.execute("drop view cases_by_area, cases_rebuilt")
    op.execute("drop function split_as_the_release_before_writes")
    op.execute("create table cases_rebuilt (like cases including indexes)")
    for area in _AREAS:
        op.execute(f"drop table case_{area}, case_{area}_rebuilt")
