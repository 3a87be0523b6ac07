"""Called by alembic."""

from migrations.environment import run

run()
