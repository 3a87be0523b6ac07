"""Reads figures from a service's database: how far the relay is behind, overdue timers, parked streams."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from shared.eventstore import canary
from shared.eventstore.database import Connection

OVERDUE_AFTER = timedelta(seconds=5)
"""A timer that is late by more than this, by the service's clock, counts as overdue.

Timers are polled ten times a second, and one that is held back is retried after a second.
"""

# In real time, as the id of an event tells it, also where facts are recorded by a virtual clock.
_RELAY = """
select newest_position() - checkpoint as events,
       coalesce((select extract(epoch from clock_timestamp() - uuid_extract_timestamp(event_id)) from events
                 where position > (select checkpoint from relay) order by position limit 1), 0)::float8 as seconds
from relay
"""
_TIMERS = """
select count(*) as timers, coalesce(extract(epoch from $2::timestamptz - min(due)), 0)::float8 as seconds,
       count(*) filter (where failures > 0) as failing,
       (select greatest(extract(epoch from $2::timestamptz - due), 0)::float8 from timers
        where stream = $3 and name = $4) as canary
from timers where due < $1
"""
_PARKED = """
select reason, count(*) as streams
from (select distinct on (source, stream) reason from parked order by source, stream, epoch, version, event_id) first
group by reason
"""


@dataclass(frozen=True)
class RelayLag:
    """Events that are recorded and not yet acknowledged by Kafka."""

    events: int
    seconds: float
    """The age of the oldest of these events."""


@dataclass(frozen=True)
class Overdue:
    """Timers that are due and have not fired."""

    timers: int
    seconds: float
    """Lateness of the most overdue timer."""
    failing: int
    """Number of these timers that failed when they were tried."""
    canary: float | None
    """How many seconds the canary is late at this moment; None if it is not armed, as on a virtual clock."""


@dataclass(frozen=True)
class Figures:
    """All figures at one moment. A service without an event log of its own has neither relay nor timers."""

    parked: Mapping[str, int]
    """Number of parked streams, by the reason of the first message that waits."""
    relay: RelayLag | None = None
    timers: Overdue | None = None


async def read_figures(connection: Connection, now: datetime | None) -> Figures:
    """Reads the figures that `/metrics` shows from the database.

    `now` is the time of the service's clock; it is None for a service without an event log.
    """
    parked = {row["reason"]: row["streams"] for row in await connection.fetch(_PARKED)}
    if now is None:
        return Figures(parked)
    relay = await connection.fetchrow(_RELAY)
    assert relay is not None
    lag = RelayLag(relay["events"], relay["seconds"])
    return Figures(parked, lag, await read_overdue(connection, now))


async def read_overdue(connection: "Connection | asyncpg.Connection[asyncpg.Record]", now: datetime) -> Overdue:
    """R28: reads which timers of a service are due and have not fired, by its own clock; there must be none."""
    row = await connection.fetchrow(_TIMERS, now - OVERDUE_AFTER, now, canary.STREAM, canary.NAME)
    assert row is not None
    return Overdue(**row)
