"""A name that is planted in every text is found nowhere but with its owner, for who may read it (R31)."""

import json
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer

from shared.kernel.bus import Kafka
from tests.integration.system.course import PLANTED, UNIT, play
from tests.integration.system.running_system import running_system

TOPICS = ("agreements", "orders", "register", "republish")
_WRITTEN = (PLANTED, json.dumps(PLANTED)[1:-1])
"""The name as it is, and as JSON may escape it."""


async def test_a_planted_name_is_with_its_owner_only(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT)
        agreement_id = ""
        async for step in play(system, "violation"):
            agreement_id = agreement_id or step
        inspector = system.people.inspector("anna")
        offer = await inspector.get("offers", f"/v1/offers/{agreement_id}")
        agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
        cluster = system.kafka
    assert PLANTED in offer["observations"]
    assert PLANTED in offer["photos"][0]["name"]
    assert PLANTED in agreement["measures"][0]["description"]

    messages = await _everything_on(cluster)
    assert len(messages) >= 20
    assert _found(messages) == []
    rows = await _everything_in(postgres_dsn)
    assert len(rows) > 100
    assert _found(rows) == []
    files = [file.read_text(errors="replace") for file in (*tmp_path.glob("spans/*"), *tmp_path.glob("*.log"))]
    assert len(files) == 8
    assert _found(files) == []


def _found(texts: list[str]) -> list[str]:
    return [text for text in texts if any(written in text for written in _WRITTEN)]


async def _everything_on(cluster: Kafka) -> list[str]:
    """Every message of every topic, with key and headers."""
    topics = [cluster.name(topic) for topic in TOPICS]
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=cluster.servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        texts: list[str] = []
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                texts += [
                    b" ".join([record.key or b"", record.value or b"", *(v for _, v in record.headers)]).decode()
                    for record in records
                ]
        return texts
    finally:
        await consumer.stop()


async def _everything_in(dsn: str) -> list[str]:
    """Every row of every table of every service, as text."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            """select format('%I.%I', schemaname, tablename) as name from pg_tables
               where schemaname = any($1)""",
            ["offers", "guidance", "control", "reporting"],
        )
        return [
            row["whole"]
            for table in tables
            for row in await connection.fetch(f"select row(t.*)::text as whole from {table['name']} t")
        ]
    finally:
        await connection.close()
