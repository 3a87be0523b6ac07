"""The read model: facts, cases, tasks, measures, units, and the views of the analysts.

Revision ID: 0001
"""

from pathlib import Path

from alembic import op

from migrations.scripts import run_script

revision = "0001"
down_revision = None

_SQL = Path(__file__).parents[3] / "services" / "reporting" / "sql"
_KERNEL_SQL = Path(__file__).parents[3] / "shared" / "kernel" / "sql"


def upgrade() -> None:
    run_script(_SQL / "schema.sql")
    run_script(_KERNEL_SQL / "parked.sql")


def downgrade() -> None:
    op.execute(
        """do $$ declare name text; begin
             for name in select tablename from pg_tables
                         where schemaname = current_schema() and tablename not like 'migrated_%'
             loop execute format('drop table if exists %I cascade', name); end loop;
           end $$"""
    )
