"""Rows that a process wrote last are used without reading them again, and only while they are the database's."""

from collections.abc import Collection
from typing import Any

import pytest

from services.reporting.projection import projection
from services.reporting.projection.rebuild import compare, rebuild
from services.reporting.projection.rows_at_hand import RowsAtHand
from shared.eventstore.database import Connection
from shared.eventstore.events import Event
from shared.messaging.received_fact import ReceivedFact
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, Feed


class Process:
    """One that projects, with what it has at hand."""

    def __init__(self, connection: Connection, feed: Feed) -> None:
        self._connection = connection
        self._feed = feed
        self.at_hand = RowsAtHand()

    async def take(self, *events: Event) -> None:
        await self.take_received(*self._feed.receive(*events))

    async def take_received(self, *received: ReceivedFact) -> None:
        async with self._connection.transaction():
            await projection.apply(self._connection, received, self.at_hand)

    async def take_in_vain(self, *events: Event) -> None:
        transaction = self._connection.transaction()
        await transaction.start()
        await projection.apply(self._connection, self._feed.receive(*events), self.at_hand)
        await transaction.rollback()


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def process(connection: Connection, feed: Feed) -> Process:
    return Process(connection, feed)


async def test_the_rows_of_a_case_are_not_read_again(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Collection[object]] = []
    load = projection._load

    async def load_noted(connection: Connection, rows: Any, case_ids: Any, *others: Any) -> None:
        loaded.append(case_ids)
        await load(connection, rows, case_ids, *others)

    monkeypatch.setattr("services.reporting.projection.projection._load", load_noted)
    await process.take(facts.sent())
    await process.take(facts.delivered())
    assert loaded == [[AGREEMENT], []]


async def test_of_what_was_rolled_back_nothing_is_at_hand(process: Process, connection: Connection, feed: Feed) -> None:
    await process.take(facts.sent(), facts.delivered())
    await process.take_in_vain(facts.declined())
    await Process(connection, feed).take(facts.accepted())
    await process.take(facts.deadline_set())
    assert await compare(connection) == []


async def test_what_another_process_wrote_is_read(process: Process, connection: Connection, feed: Feed) -> None:
    await process.take(facts.sent())
    await Process(connection, feed).take(facts.delivered())
    await process.take(facts.accepted(), facts.deadline_set())
    assert await compare(connection) == []


async def test_after_a_rebuild_its_rows_are_read(process: Process, connection: Connection, feed: Feed) -> None:
    sent, delivered = feed.receive(facts.sent(), facts.delivered())
    await process.take_received(sent, ReceivedFact(delivered.message, None))
    await rebuild(connection)
    await process.take(facts.accepted())
    assert await compare(connection) == []


async def test_only_so_many_cases_are_at_hand(
    process: Process, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.reporting.projection.rows_at_hand.CASES_AT_HAND", 1)
    await process.take(facts.sent(), facts.order_issued())
    await process.take(facts.delivered())
    assert {case_id for _, case_id in process.at_hand._rows.cases} == {AGREEMENT}
    await process.take(facts.documented(), facts.order_issued(facts.CONTROL))
    await process.take(facts.accepted())
    assert await compare(connection) == []
