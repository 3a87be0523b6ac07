"""What is due and was not told is found in the database of notices, with why, and shown to operators (R28, R29)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.overdue import untold_lines
from services.notices.lookups.untold import Waiting, read_untold
from services.notices.rules.case_decider import NOTICES, RecordOutcomes, ReopenMatters
from services.notices.rules.reader import READER, AddEntries, RecordDigest, RecordFailure, reader_stream
from services.notices.rules.tries import Ended, Failed, Outcome, Postponed, Queued
from shared.contracts.notices import FACTS, Channel, MatterRaised, Occasion, Recipient, TryFailure, Untold
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.decider import TimerDue
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from tests.unit.notices.notices_facts import AGREEMENT, INSPECTOR, POLICY, at, delivered, follow, note

pytestmark = pytest.mark.rule("R28", "R29")
MORNING = at("2026-03-05", "08:00")
NEXT_DIGEST = at("2026-03-06", "07:00")
MATTER = UUID(int=31)


class Notices:
    """The facts of the service, written by its deciders."""

    def __init__(self, database: Database, store: EventStore) -> None:
        self._database, self._store = database, store

    async def tell(self, decider: Any, stream: UUID, *commands: Any) -> None:
        for command in commands:
            metadata = Metadata(command_id=uuid4(), actor="notices")
            await execute(self._store, [Intent(decider, stream, command)], at=command.at, metadata=metadata)

    async def raised(self) -> list[MatterRaised]:
        events = (await self._store.load(AGREEMENT)).events
        return [one.event for one in events if isinstance(one.event, MatterRaised)]

    async def untold(self, now: datetime) -> Sequence[Waiting]:
        async with self._database.acquire() as connection:
            return await read_untold(connection, now)


@pytest.fixture
async def notices(postgres_dsn: str) -> AsyncIterator[Notices]:
    """With an offer of which three people are to be told in the morning."""
    async with open_database(postgres_dsn, "notices") as database, EventStore(database, EventTypes(FACTS)) as store:
        opened = Notices(database, store)
        await opened.tell(NOTICES, AGREEMENT, follow(), note(delivered(MORNING), MORNING))
        yield opened


async def test_what_was_told_ended_or_put_off_is_not_due(notices: Notices) -> None:
    assert await notices.untold(MORNING) == []
    later = MORNING + timedelta(hours=1)
    assert await notices.untold(later) == [Waiting(None, 3, MORNING)]
    waiting = [one.matter_id for one in await notices.raised() if one.occasion is Occasion.OFFER_WAITING]
    became: tuple[Outcome, ...] = (
        Ended(waiting[0], Untold.NO_ADDRESS),
        Postponed(waiting[1], later + timedelta(days=2)),
        Failed(waiting[2], Channel.EMAIL, TryFailure.UNREACHABLE),
    )
    await notices.tell(NOTICES, AGREEMENT, RecordOutcomes(later, POLICY, became))
    of_address = [one for one in await notices.raised() if one.recipient is Recipient.INSPECTOR]
    assert await notices.untold(later) == [Waiting("unreachable", 1, MORNING)]
    await notices.tell(
        NOTICES,
        AGREEMENT,
        RecordOutcomes(later, POLICY, [Queued(one.matter_id, INSPECTOR) for one in of_address]),
        RecordOutcomes(later, POLICY, [Failed(waiting[2], Channel.EMAIL, TryFailure.REFUSED_FOR_NOW)]),
    )
    assert await notices.untold(later + timedelta(minutes=1)) == [Waiting("refused-for-now", 1, MORNING)]
    await notices.tell(NOTICES, AGREEMENT, RecordOutcomes(later, POLICY, [Ended(waiting[2], Untold.SETTLED)]))
    assert await notices.untold(later + timedelta(minutes=1)) == []
    await notices.tell(NOTICES, AGREEMENT, ReopenMatters(later + timedelta(minutes=2), POLICY, "operator-1"))
    reopened_at = later + timedelta(minutes=2, microseconds=1)
    assert await notices.untold(later + timedelta(minutes=3)) == [Waiting(None, 1, reopened_at)]


async def test_a_digest_that_fails_leaves_what_it_tells_due(notices: Notices) -> None:
    reader = reader_stream(INSPECTOR)
    both, latest_at = (MATTER, UUID(int=32)), NEXT_DIGEST + timedelta(days=9)
    await notices.tell(READER, reader, AddEntries(MORNING, POLICY, INSPECTOR, AGREEMENT, both, latest_at))
    of_case = Waiting(None, 3, MORNING)
    assert await notices.untold(NEXT_DIGEST) == [of_case]
    begins = TimerDue("reader:digest", NEXT_DIGEST, NEXT_DIGEST)
    await notices.tell(READER, reader, begins)
    assert await notices.untold(NEXT_DIGEST + timedelta(seconds=1)) == [replace(of_case, matters=5)]
    await notices.tell(READER, reader, RecordFailure(NEXT_DIGEST, POLICY, TryFailure.UNREACHABLE))
    after = NEXT_DIGEST + timedelta(minutes=1)
    assert await notices.untold(after) == [of_case, Waiting("unreachable", 2, NEXT_DIGEST)]
    await notices.tell(READER, reader, begins, RecordDigest(after, "digest-1"))
    assert await notices.untold(after) == [of_case]


async def test_operators_read_it_in_words(notices: Notices, postgres_dsn: str, tmp_path: Path) -> None:
    told = await asyncio.to_thread(untold_lines, postgres_dsn, MORNING + timedelta(hours=1))
    assert told == ["3 matters, the oldest since 2026-03-05 07:00:00 UTC; not tried"]
    assert await asyncio.to_thread(untold_lines, postgres_dsn, MORNING) == ["0"]
