"""The read model: facts, cases, tasks, measures, units, and the views of the analysts.

Revision ID: 0001
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute(
        """do $$ declare name text; begin
             for name in select tablename from pg_tables
                         where schemaname = current_schema() and tablename not like 'migrated_%'
             loop execute format('drop table if exists %I cascade', name); end loop;
           end $$"""
    )
