"""Finds whose calendar feed a secret address is, and what stands in it (R17, R42).

Nothing here may reach a company: a feed has days that no company knows of (R18).
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.control.people.rules.calendar_feeds import (
    feed_name_of_centre,
    feed_name_of_person,
    open_on,
    still_leads,
)
from services.control.people.rules.centre_holidays import CENTRE
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.planning.lookups.centres import people_of_centre
from services.control.planning.lookups.visits import STREAMS_AT_A_TIME, streams_named
from services.control.planning.rules.place_names import (
    former_names_of_calendar,
    former_visits_of,
    names_of_calendar,
)
from services.control.rules.feed_entries import DAYS_SHOWN, FeedEntry, entries_of
from shared.contracts.vocabulary import Centre
from shared.deadlines.copenhagen import local_day
from shared.eventstore.commands import read
from shared.policy.policy import Policy
from shared.service import Runtime

_HOLDER = "select stream from reservations where name = $1"
_END_OF_CALENDARS = date(9999, 12, 31)


@dataclass(frozen=True)
class OpenFeed:
    """R42: whose visits an address shows."""

    people: Sequence[str]
    opened_at: datetime
    centre: Centre | None = None
    """Of which centre these people are all; None if the feed is of one person."""


def hash_of(token: str) -> str:
    """Returns what is kept of the secret part of an address; nobody can compute the secret from it."""
    return hashlib.sha256(token.encode()).hexdigest()


async def open_feed_at(runtime: Runtime, token: str, now: datetime) -> OpenFeed | None:
    """R42: returns whose feed has this secret; None for an unknown one, and once it was withdrawn or its owner left."""
    token_hash, today = hash_of(token), local_day(now)
    async with runtime.database.acquire() as connection:
        person = await connection.fetchval(_HOLDER, feed_name_of_person(token_hash))
        centre = await connection.fetchval(_HOLDER, feed_name_of_centre(token_hash))
    if person is not None:
        opened = open_on((await read(runtime.store, PERSON, person)).state, token_hash, today)
        return None if opened is None else OpenFeed([opened.person_id], opened.opened_at)
    if centre is not None:
        feed = (await read(runtime.store, CENTRE, centre)).state.feed
        if feed is not None and feed.token_hash == token_hash:
            leader = (await read(runtime.store, PERSON, person_stream(feed.opened_by))).state
            if still_leads(leader, feed.centre, today):
                return OpenFeed(await people_of_centre(runtime, feed.centre), feed.opened_at, feed.centre)
    return None


async def feed_entries(runtime: Runtime, people: Sequence[str], today: date, policy: Policy) -> list[FeedEntry]:
    """R17: returns what a feed of these people shows on a day, by the day and hour of the visits.

    Courses and held places are found by the names of the places that they have in these calendars, and of visits that
    have left them; what an entry says follows from their facts.
    """
    names = (names_of_calendar, former_names_of_calendar, former_visits_of)
    prefixes = [name(person) for person in people for name in names]
    streams = await streams_named(runtime, today - timedelta(days=DAYS_SHOWN), _END_OF_CALENDARS, prefixes)
    asked, found = frozenset(people), list[FeedEntry]()
    for begun in range(0, len(streams), STREAMS_AT_A_TIME):
        some = streams[begun : begun + STREAMS_AT_A_TIME]
        for loaded in await asyncio.gather(*(runtime.store.load(stream) for stream in some)):
            found.extend(entry for entry in entries_of(loaded.events, asked, policy) if entry.is_shown_on(today))
    return sorted(found, key=lambda entry: (entry.visit.day, entry.visit.hours.begins, entry.uid))
