"""Measures how many facts an agreement has, and how many bytes they take: ./aftale bench sizes

Plays the demo on its own system, copies the rows of every service a thousand times under other ids, so that pages and
indexes are realistically filled, and prints facts and bytes per agreement by table, with indexes. Takes about five
minutes and 2 GB on the servers of `./aftale up`, dropped afterwards.
"""

import os
import tempfile
from pathlib import Path

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer

from benchmarks.own_database import own_database
from deploy.demo.courses import DemoContext
from deploy.demo.play import play, register_units
from deploy.local.cli import DEMO_BEGINS
from deploy.local.foreign_facts import order_system
from migrations.revisions import CHAINS
from shared.messaging.bus import Kafka
from shared.service import AGREEMENTS_TOPIC
from tests.integration.system.running_system import running_system

COPIES = 1_000
SHOWN_FROM = 50
"""Tables with fewer bytes per agreement are left out."""

_TABLES = """
select c.oid::regclass::text as name from pg_class c
where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""
_FIRED = "select count(*) from {0}.events where metadata->>'actor' = '{0}' and metadata->>'causation' is null"
_SIZE = """
select (pg_total_relation_size(named) + coalesce(sum(pg_total_relation_size(inhrelid)), 0))::float8
from (select $1::text::regclass as named) its left join pg_inherits on inhparent = named group by named
"""
_COLUMNS = """
select a.attname as name, a.atttypid::regtype::text as kind,
       exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique and a.attnum = any(i.indkey))
         as is_unique
from pg_attribute a
where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  and a.attidentity = ''
"""


async def _play(dsn: str, state: Path) -> tuple[int, int]:
    """Plays the demo; returns the number of messages on the topic of agreements, and their bytes."""
    async with running_system(dsn, os.environ["AFTALE_KAFKA"], state, begins=DEMO_BEGINS) as system:
        await register_units(system)
        async with order_system(system) as orders:
            await play(DemoContext(system.people, orders, system.time.settle, lambda _: None), system.time)
        return await _on_topic(system.kafka)


async def _on_topic(kafka: Kafka) -> tuple[int, int]:
    """Returns the number of messages and the bytes of keys, headers and bodies, not compressed."""
    consumer = AIOKafkaConsumer(
        kafka.name(AGREEMENTS_TOPIC), bootstrap_servers=kafka.servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    messages = size = 0
    while batches := await consumer.getmany(timeout_ms=2000):
        for record in (record for batch in batches.values() for record in batch):
            messages += 1
            size += len(record.key) + len(record.value) + sum(len(name) + len(value) for name, value in record.headers)
    await consumer.stop()
    return messages, size


async def _multiply(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> None:
    """Copies each row under other ids and later positions."""
    names, values = [], []
    for column in await connection.fetch(_COLUMNS, table):
        names.append(f'"{column["name"]}"')
        values.append(_of_copy(table, **column))
    await connection.execute(
        f"""insert into {table} ({", ".join(names)}) select {", ".join(values)}
            from {table}, generate_series(1, {COPIES - 1}) copy on conflict do nothing"""
    )


def _of_copy(table: str, name: str, kind: str, is_unique: bool) -> str:
    if kind == "uuid":
        return f'md5("{name}"::text || copy)::uuid'
    if name == "position":
        return f"position + copy * (select max(position) from {table})"
    return f'"{name}" || copy' if is_unique and kind == "text" and name == "name" else f'"{name}"'


async def _measure(dsn: str) -> None:
    with tempfile.TemporaryDirectory(prefix="aftale-bench-") as state:
        messages, size = await _play(dsn, Path(state))
    connection = await asyncpg.connect(dsn)
    agreements = await connection.fetchval("select count(*) from offers.events where type = 'OfferSent'")
    fired = [await connection.fetchval(_FIRED.format(schema)) for schema in ("offers", "guidance", "control")]
    print(
        f"{agreements} agreements, each {COPIES:,} times; events by timers: {sum(fired) / agreements:.1f} per agreement"
    )
    for schema in CHAINS:
        for table in await connection.fetch(_TABLES, schema):
            if not table["name"].endswith("_rebuilt"):
                await _show(connection, table["name"], agreements)
    print(
        f"topic {AGREEMENTS_TOPIC}: {messages / agreements:.1f} messages, {size / agreements:,.0f} bytes per agreement"
    )
    await connection.close()


async def _show(connection: "asyncpg.Connection[asyncpg.Record]", table: str, agreements: int) -> None:
    rows = await connection.fetchval(f"select count(*) from {table}")
    await _multiply(connection, table)
    per_agreement = await connection.fetchval(_SIZE, table) / agreements / COPIES
    if per_agreement >= SHOWN_FROM:
        print(f"{table:28} {rows / agreements:6.1f} rows, {per_agreement:8,.0f} bytes per agreement", flush=True)


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    with own_database("sizes") as dsn:
        uvloop.run(_measure(dsn))


if __name__ == "__main__":
    main()
