"""Facts and cases say where they come from: this system, an import, or a replay (R28, R30).

Revision ID: 0021
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0021"
down_revision = "0020"
stage, when = "expand", "before"
operators = "Adds columns to the facts and to the deadlines of cases, and to views; takes their locks for a moment."

_READ_FROM_NO_TABLE = (
    ("cases", "deadlines.origin", "null::text"),
    ("cases", "deadlines.live_from", "null::timestamptz as live_from"),
    ("cases_rebuilt", "deadlines.origin", "null::text"),
    ("cases_rebuilt", "deadlines.live_from", "null::timestamptz as live_from"),
)
_FACTS_BEFORE = """
create view v_facts as
  select f.position, f.source, f.stream, f.epoch, f.version, f.event_id, f.type, f.schema_version,
         f.data - 'name' - 'address' as data, f.occurred_at, f.recorded_at, f.received_at, f.actor, f.policy,
         understood.case_id, f.on_behalf_of
  from facts f left join facts_as_understood understood on understood.position = f.position
"""


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    # The views keep the columns, since others are made of them, and read them from no table.
    for view, column, instead in _READ_FROM_NO_TABLE:
        op.execute(
            f"""do $$ begin
                  execute 'create or replace view {view} as '
                    || replace(pg_get_viewdef('{view}'::regclass), '{column}', '{instead}');
                end $$"""
        )
    for suffix in ("", "_rebuilt"):
        op.execute(f"alter table case_deadlines{suffix} drop column origin, drop column live_from")
    op.execute("drop view v_facts")
    op.execute(_FACTS_BEFORE)
    op.execute("alter table facts drop column origin")
