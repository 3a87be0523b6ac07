"""The commands ./aftale parked ... on a service that runs: what they print, and what they do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner

from deploy.local import cli
from deploy.local.ports import free_port
from deploy.local.processes import UserError
from services.control import service
from shared.contracts.orders import SOURCE
from shared.http.tokens import Role, pseudonym
from shared.messaging import parked_replay
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.kafka_record import Record
from shared.service import Settings
from tests.integration.test_migrations import connected

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
_LOGGED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[.*\n", re.MULTILINE)


@dataclass
class Operator:
    """At a terminal, beside a service of control that runs."""

    app: FastAPI

    async def say(self, *words: str) -> str:
        """./aftale parked ...; what it prints. Raises UserError where it ends with one.

        The service is in the same process, and may log meanwhile: that is left out.
        """
        result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["parked", *words])
        if isinstance(result.exception, UserError):
            raise result.exception
        return " ".join(_LOGGED.sub("", result.output).split())

    async def take(self, *messages: Message) -> None:
        """Let the service hear messages."""
        await self.app.state.consumers["*"].take_messages(messages)

    async def fetch(self, statement: str) -> list[Any]:
        async with self.app.state.database.acquire() as connection:
            return [tuple(row) for row in await connection.fetch(statement)]


@pytest.fixture
async def operator(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Operator]:
    port = free_port()
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_PORT_CONTROL", str(port))
    monkeypatch.setattr("getpass.getuser", lambda: "olga")
    app = service.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False))
    async with app.router.lifespan_context(app), _serving(app, port):
        await app.state.start_check.may_act.wait()
        yield Operator(app)


@asynccontextmanager
async def _serving(app: FastAPI, port: int) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def message(stream: UUID, version: int, body: str = '{"some": "[fact]"}') -> Message:
    """A fact that control lets pass: it has no class for it."""
    return Message(
        source=SOURCE,
        stream=stream,
        epoch=1,
        version=version,
        event_id=uuid4(),
        type="Unheard",
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body=body,
        concerns={"cvr": "13748136"},
    )


async def test_a_gap_is_listed_shown_and_replayed_until_it_is_mended(operator: Operator) -> None:
    stream = uuid4()
    where = ("control", SOURCE, str(stream))
    assert await operator.say("list", "--service", "control") == "Nothing waits."
    await operator.take(message(stream, 2), message(stream, 3))
    listed = await operator.say("list", "--service", "control")
    assert f"control {SOURCE} {stream} hole 2" in listed
    assert "version 1 is missing" in listed
    shown = await operator.say("show", *where)
    assert "Unheard, version 2, epoch 1" in shown
    assert "Unheard, version 3, epoch 1" in shown
    assert '"some": "[fact]"' in shown, "brackets are no markup"
    assert "ce_cvr 13748136" in shown
    again = await operator.say("replay", *where)
    assert again == f"{' '.join(where)} still waits, with 2 messages: ./aftale parked show {' '.join(where)}"
    await operator.take(message(stream, 1))
    with pytest.raises(UserError, match="was not found"):
        await operator.say("show", *where)


async def test_the_first_that_waits_is_discarded_with_who_and_why(operator: Operator) -> None:
    stream = uuid4()
    await operator.take(message(stream, 3), message(stream, 4))
    told = await operator.say("discard", "control", SOURCE, str(stream), "--reason", "lost at its source", "--yes")
    assert told.endswith(  # the service, which is in the same process, logs before it
        "Also skipped, because never received: versions 1 to 2. "
        "Missing from now on: facts, versions 1 to 2: they were never received, so their effects here are unknown. "
        "Missing from now on: Unheard, version 3: nobody here knows what follows from it: ask its source before it is "
        f"passed over. Version 3 is discarded. control {SOURCE} {stream} is no longer parked."
    )
    assert await operator.fetch("select version, discarded_by, discard_reason from discarded") == [
        (3, pseudonym(Role.OPERATOR, "olga"), "lost at its source")
    ]


async def test_a_stream_is_taken_from_its_source_again(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = uuid4()
    where = ("control", SOURCE, str(stream))
    bad, good = message(stream, 1, "{not json"), message(stream, 1)
    await operator.take(bad, message(stream, 2))
    monkeypatch.setattr(parked_replay, "RETAKE_SECONDS", 0.5)
    silent = await operator.say("retake", *where)
    assert f"{SOURCE} has not sent version 1 of {stream} again." in silent
    assert "still waits, with 2 messages" in silent
    assert "Why: version 1: Undecodable" in silent
    assert "nobody here knows what follows from it" in await operator.say("show", *where)

    async def publish_again(*_: object) -> None:
        await operator.take(replace(good, event_id=bad.event_id))

    monkeypatch.setattr(operator.app.state.consumers["*"]._replays, "_ask_again", publish_again)
    mended = await operator.say("retake", *where)
    assert mended.endswith(
        f"{SOURCE} has published {stream} again from version 1 on. control {SOURCE} {stream} is no longer parked."
    )


async def test_all_records_that_do_not_read_are_discarded_at_once(operator: Operator) -> None:
    await operator.app.state.consumers["*"].take_records([Record([("odd", b"1")], b"x")])
    words = ("discard", "control", "--unreadable", "--reason", "not ours")
    with pytest.raises(UserError, match="No terminal to confirm on"):
        await operator.say(*words)
    assert (await operator.say(*words, "--yes")).endswith("control: 1 discarded.")
    with pytest.raises(UserError, match="or --unreadable"):
        await operator.say("discard", "control", "--reason", "not ours", "--yes")
    assert await operator.say("list", "--service", "control") == "Nothing waits."


async def test_units_are_released_by_name_or_all(operator: Operator) -> None:
    with pytest.raises(UserError, match="Name the units to release, or use --all"):
        await operator.say("release", "--reason", "seen")
    with pytest.raises(UserError, match="offers does not answer on port"):
        await operator.say("release", "--all", "--reason", "seen")


async def test_nothing_is_discarded_without_a_reason_or_unasked(operator: Operator) -> None:
    stream = uuid4()
    where = ("control", SOURCE, str(stream))
    await operator.take(message(stream, 2))
    assert "Missing option '--reason'" in await operator.say("discard", *where)
    with pytest.raises(UserError, match=r"body\.reason: String should have at least 1 character"):
        await operator.say("discard", *where, "--reason", "", "--yes")
    with pytest.raises(UserError, match="No terminal to confirm on"):
        await operator.say("discard", *where, "--reason", "lost at its source")
    assert await operator.fetch("select version from parked") == [(2,)]


async def test_a_stream_is_put_in_line_to_be_published_again(operator: Operator, postgres_dsn: str) -> None:
    stream = uuid4()
    async with connected(postgres_dsn) as connection:  # so that no relay takes it out of the line
        await connection.execute(
            "create table control.asked (stream uuid, from_version int);grant select, insert on control.asked to public"
        )
        await connection.execute(
            "create rule keep as on insert to control.republications do also insert into control.asked "
            "values (new.stream, new.from_version)"
        )
    told = await operator.say("republish", "control", str(stream), "--from-version", "4")
    assert told == f"control publishes {stream} again from version 4 on."
    assert await operator.fetch("select stream, from_version from asked") == [(stream, 4)]


async def test_what_is_not_there_is_named(operator: Operator) -> None:
    for words, fault in (
        (("show", "control", SOURCE, str(uuid4())), "control: It was not found"),
        (("replay", "control", SOURCE, "no-id"), r"path\.stream: Input should be a valid UUID"),
        (
            ("list", "--service", "kontrol"),
            "There is no service kontrol; there are offers, guidance, control, not",
        ),
        (("list",), "offers does not answer on port"),
    ):
        with pytest.raises(UserError, match=fault):
            await operator.say(*words)
