"""Finds the messages that told of a case or went to a person, by Message-ID, in the facts of notices (R31)."""

from uuid import UUID

from services.notices.channels.mail_settings import message_key
from services.notices.rules import copies_of_messages as copies
from services.notices.rules.reader import reader_stream
from shared.eventstore.database import Database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event
from shared.service import Runtime

_ABOUT = """
select distinct stream from events
where data ->> 'contact_id' = $1 or data ->> 'person' = $1 or data ->> 'inspector' = $1
"""


async def messages_about(runtime: Runtime, case: UUID | None, person: str | None) -> list[str]:
    """R31: returns the Message-IDs, in order, of what told of a case, or went to a person, or names the person.

    Without a case all facts of the service are read. At least one of the two is needed.
    """
    key = message_key(runtime.settings.state)
    if person is None:
        if case is None:
            raise ValueError("a case, a person, or both are needed")
        return sorted(await _of_case(runtime.store, case, key))
    if case is not None:
        return sorted(copies.of_person(await _events(runtime.store, case), person, key))
    found = copies.digests_of_person(await _events(runtime.store, reader_stream(person)), key)
    for stream in await _cases_of(runtime.database, person):
        found |= copies.of_person(await _events(runtime.store, stream), person, key)
    return sorted(found)


async def _of_case(store: EventStore, case: UUID, key: bytes) -> set[str]:
    events = await _events(store, case)
    found = copies.of_case(events, key)
    for person in copies.readers(events):
        found |= copies.digests_of_case(await _events(store, reader_stream(person)), events, key)
    return found


async def _events(store: EventStore, stream: UUID) -> list[Event]:
    return [recorded.event for recorded in (await store.load(stream)).events]


async def _cases_of(database: Database, person: str) -> list[UUID]:
    async with database.acquire() as connection:
        return [row["stream"] for row in await connection.fetch(_ABOUT, person)]
