"""Runs a whole .sql file inside a migration; a prepared statement could hold only one command."""

from pathlib import Path

from alembic import op


def run_script(file: Path) -> None:
    """Runs the file in the transaction of the migration."""
    script = file.read_text()
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))
