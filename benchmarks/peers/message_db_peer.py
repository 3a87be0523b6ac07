"""Measures message-db, a store that consists of SQL functions: how fast its write_message appends.

Runs where npm put its package, see installation.py: message_db_peer.py append SECONDS. Reads DSN. Installs what the
package's install.sh installs, in its order, except the role with its privileges (the benchmark is the database's owner)
and the extension pgcrypto, of which it uses only `gen_random_uuid`: PostgreSQL has it since version 13.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from uuid import uuid4

import asyncpg
import uvloop

CALLERS = 32
SQL = Path("node_modules", "@eventide", "message-db", "database")
PARTS = ("schema", "tables", "types", "functions", "indexes", "views")
FACT = json.dumps({"agreement_id": str(uuid4()), "cvr": "13748136", "p_number": "1234567890", "topic": "056"})
NEW_STREAM = -1
"""The version that write_message expects of a stream without messages."""


async def _install(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    for part in PARTS:
        for file in sorted((SQL / part).glob("*.sql")):
            await connection.execute(file.read_text(encoding="utf-8"))
    await connection.close()


async def _append(pool: "asyncpg.Pool[asyncpg.Record]", until: float) -> int:
    """Appends one message to a new stream per call until the time is over; returns how many."""
    written = 0
    async with pool.acquire() as connection:
        write = await connection.prepare("select write_message($1, $2, $3, $4::jsonb, null, $5)")
        while time.perf_counter() < until:
            await write.fetchval(str(uuid4()), f"offer-{uuid4()}", "OfferSent", FACT, NEW_STREAM)
            written += 1
    return written


async def _measure(dsn: str, seconds: float) -> None:
    await _install(dsn)
    found_without_schema = {"search_path": "message_store,public"}
    async with asyncpg.create_pool(
        dsn, min_size=CALLERS, max_size=CALLERS, server_settings=found_without_schema
    ) as pool:
        for callers in (1, CALLERS):
            until = time.perf_counter() + seconds
            written = await asyncio.gather(*(_append(pool, until) for _ in range(callers)))
            figures = {"what": "append", "callers": callers, "events_per_s": round(sum(written) / seconds)}
            print(json.dumps({"peer": "message-db", **figures}), flush=True)


if __name__ == "__main__":
    uvloop.run(_measure(os.environ["DSN"], float(sys.argv[2])))
