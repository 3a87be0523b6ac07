"""Creates each service's schema from its schema.sql. The migrations must lead to the same schema."""

import re
from pathlib import Path

import asyncpg

from migrations.logins import OWNER, make_logins_and_schemas
from migrations.revisions import CHAINS

_SERVICES = Path(__file__).parents[1] / "services"
_INCLUDE = re.compile(r"^\\ir (\S+)$", re.MULTILINE)


async def create_schemas(dsn: str) -> None:
    """Creates every service's schema in a database that has none of them, under the login that owns them all."""
    await make_logins_and_schemas(dsn)
    for schema in CHAINS:
        settings = {"search_path": schema, "role": OWNER}
        connection = await asyncpg.connect(dsn, server_settings=settings)
        try:
            await connection.execute(read_sql(schema_file(schema)))
        finally:
            await connection.close()


def schema_file(schema: str) -> Path:
    """Returns the schema.sql of the service with this schema."""
    return _SERVICES / schema / "schema.sql"


def read_sql(file: Path) -> str:
    r"""Returns the statements of a file and of the files that it includes by `\ir`, with paths relative to the file."""
    return _INCLUDE.sub(lambda include: read_sql(file.parent / include[1]), file.read_text())
