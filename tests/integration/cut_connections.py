"""PostgreSQL ends connections from its side, as when it restarts or an operator ends a session."""

import asyncpg

_END = """
select count(pg_terminate_backend(pid, 10000))
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and application_name like $1
"""


async def cut_connections(dsn: str, applications: str) -> int:
    """End those whose application's name matches, in this database only, and return how many there were.

    The process at the other end learns of it when it reads its socket next: until then its pool may give out a
    connection that is cut, so a test that asks with the pool of that process must expect a database that is away.
    """
    operator = await asyncpg.connect(dsn)
    try:
        number: int = await operator.fetchval(_END, applications)
    finally:
        await operator.close()
    return number
