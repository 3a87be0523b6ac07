"""A name that is planted in every text is found nowhere but with its owner, for who may read it (R31)."""

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from shared.http.tokens import LocalIssuer, Role, pseudonym
from shared.messaging.bus import Kafka
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, PLANTED, SISTER, SISTER_P_NUMBER, UNIT, offer, play
from tests.integration.system.running_system import RunningSystem, running_system

SERVICES = {"offers", "guidance", "control", "reporting"}
SURNAME = PLANTED.split()[-1]


async def test_a_planted_name_is_with_its_owner_only(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT, SISTER)
        agreement_id = ""
        async for step in play(system, "violation"):
            agreement_id = agreement_id or step
        withdrawn = await _offered_and_withdrawn(system)
        await _asked_for_what_is_refused(system, agreement_id)
        secret = await _subscribed(system, agreement_id)
        await _is_told_by_its_owners(system, agreement_id, withdrawn)
        await system.stop()
        messages = await _everything_on(system.kafka)

    assert _holding(CVR, messages)
    assert _holding_the_name(messages) == []
    rows = await _everything_in(postgres_dsn)
    assert set(rows) >= SERVICES
    for schema, texts in rows.items():
        assert _holding_the_name(texts) == [], schema
    assert all(_holding(agreement_id, rows[service]) for service in SERVICES)
    spans, logs = _texts_of(tmp_path.glob("spans/*")), _texts_of(tmp_path.glob("*.log"))
    assert (len(spans), len(logs)) == (len(SERVICES), len(SERVICES))
    assert _holding(agreement_id, spans)
    assert _holding_the_name([*spans, *logs]) == []
    everywhere = [*messages, *(text for texts in rows.values() for text in texts), *spans, *logs]
    assert _holding(secret, everywhere) == [], "only a hash of it is kept"
    assert _holding(hashlib.sha256(secret.encode()).hexdigest(), everywhere)


def test_a_name_is_recognised_however_a_table_or_a_message_writes_it() -> None:
    for written in (
        PLANTED,
        PLANTED.upper(),
        json.dumps({"text": PLANTED}),
        f"\\x{f'Skrevet af {PLANTED}.'.encode().hex()}",
        *(base64.b64encode(f"{before}{PLANTED}.".encode()).decode() for before in ("", "a", "ab")),
    ):
        assert _holding_the_name([written]) == [written]


async def _offered_and_withdrawn(system: RunningSystem) -> str:
    inspector = system.people.inspector("anna")
    unusual = {**offer(SISTER_P_NUMBER), "period_months": 4, "period_reason": f"{PLANTED} er på barsel."}
    offered = await inspector.do("offers", "/v1/offers", unusual)
    withdrawn: str = offered["id"]
    await inspector.do("offers", f"/v1/offers/{withdrawn}/withdrawal", {"reason": f"{PLANTED} bad om det."})
    await system.time.settle()
    return withdrawn


async def _asked_for_what_is_refused(system: RunningSystem, agreement_id: str) -> None:
    """What is wrong must not end in a log or a span either."""
    inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
    key = {"Idempotency-Key": SURNAME}
    for answer in (
        await inspector.post("/v1/offers", {**offer(), PLANTED: PLANTED}, key),
        await inspector.post(f"/v1/offers/{SURNAME}/withdrawal", {"reason": f"{PLANTED}"}, key),
        await inspector.post("/v1/offers", {**offer(), "observations": f"{PLANTED}\x00"}, key),
        await company.post(f"/v1/agreements/{agreement_id}/hearing-answer", {"answer": PLANTED}, key),
        await inspector.get(f"/v1/cases?inspector={SURNAME}&cursor={SURNAME}"),
        await inspector.get(f"/v1/{SURNAME}"),
        await Asker(system, SURNAME).get("/v1/cases"),
    ):
        assert 400 <= answer.status_code < 500


async def _subscribed(system: RunningSystem, agreement_id: str) -> str:
    """Returns the secret of a calendar feed that was read, also where there is none."""
    anna = pseudonym(Role.INSPECTOR, "anna")
    listed = {"roles": ["inspector"], "centre": "east", "name": PLANTED}
    operator, inspector = (
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{system.ports['control']}",
            headers={
                "Authorization": f"Bearer {LocalIssuer(system.state).token(role, 'anna')}",
                "Idempotency-Key": "feed",
                "If-Match": "*",
            },
        )
        for role in (Role.OPERATOR, Role.INSPECTOR)
    )
    async with operator, inspector:
        assert (await operator.put(f"/v1/people/{anna}", json=listed)).status_code == 201
        address: str = (await inspector.post(f"/v1/people/{anna}/calendar-feed")).json()["path"]
        read = await inspector.get(address)
        assert agreement_id[-8:] in read.text
        for wrong in (address.removesuffix("s"), f"{address}/x", address.replace("feeds", "feed"), f"{address}?x=1"):
            assert (await inspector.get(wrong)).status_code in (404, 422)
    return address.rpartition("/")[2].removesuffix(".ics")


async def _is_told_by_its_owners(system: RunningSystem, agreement_id: str, withdrawn: str) -> None:
    inspector = system.people.inspector("anna")
    for service, path, texts in (
        ("offers", f"/v1/offers/{agreement_id}", ("observations", "photos")),
        ("offers", f"/v1/offers/{withdrawn}", ("period_reason", "withdrawal_reason")),
        ("guidance", f"/v1/guidance/{agreement_id}", ("meetings",)),
        (
            "control",
            f"/v1/agreements/{agreement_id}",
            ("documentation", "measures", "held_controls", "hearing_answer", "order_reasons"),
        ),
    ):
        told: dict[str, Any] = await inspector.get(service, path)
        assert [text for text in texts if PLANTED not in str(told[text])] == []
    held = told["held_controls"][0]
    assert [text for text in ("findings", "not_seen", "photos") if PLANTED not in str(held[text])] == []
    assert [text for text in ("text", "files") if PLANTED not in str(told["documentation"][0][text])] == []


def _holding(word: str, texts: Iterable[str]) -> list[str]:
    return [text for text in texts if word in text]


def _holding_the_name(texts: Iterable[str]) -> list[str]:
    """Those with the name in them: as it is, as the hexadecimal digits of a bytea, or in base64."""
    encoded = tuple(_in_base64(SURNAME.encode(), behind) for behind in range(3))
    plain = (SURNAME.casefold(), SURNAME.encode().hex())
    return [
        text
        for text in texts
        if any(word in text for word in encoded) or any(word in text.casefold() for word in plain)
    ]


def _in_base64(word: bytes, behind: int) -> str:
    """The letters that depend on the word alone, where so many bytes, counted by three, come before it."""
    letters = base64.b64encode(b"\0" * behind + word).decode().rstrip("=")
    first = (0, 2, 3)[behind]
    return letters[first : (behind + len(word)) * 8 // 6]


def _texts_of(files: Iterable[Path]) -> list[str]:
    return [file.read_text(errors="replace") for file in files]


async def _everything_on(cluster: Kafka) -> list[str]:
    """Every message of every topic of the system, with key and headers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.servers)
    await admin.start()
    topics = [topic for topic in await admin.list_topics() if topic.startswith(cluster.prefix)]
    await admin.close()
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=cluster.servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        texts: list[str] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                texts += [repr((record.key, record.value, record.headers)) for record in records]
        return texts
    finally:
        await consumer.stop()


async def _everything_in(dsn: str) -> dict[str, list[str]]:
    """Every row of every table as text, by schema."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            """select schemaname as schema, format('%I.%I', schemaname, tablename) as name from pg_tables
               where schemaname not in ('pg_catalog', 'information_schema')"""
        )
        rows: dict[str, list[str]] = {}
        for table in tables:
            whole = await connection.fetch(f"select row(t.*)::text as whole from {table['name']} t")
            rows.setdefault(table["schema"], []).extend(row["whole"] for row in whole)
        return rows
    finally:
        await connection.close()
