"""Figures that a service's database knows: how far the relay is behind, which timers are overdue, what is parked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.eventstore.database import Connection

OVERDUE_AFTER = timedelta(seconds=5)
"""By the service's clock. Timers are looked for ten times a second, and one that is held back waits for a second."""

# In real time, as the id of an event tells it, also where facts are recorded by a virtual clock.
_RELAY = """
select newest_position() - checkpoint as events,
       coalesce((select extract(epoch from clock_timestamp() - uuid_extract_timestamp(event_id)) from events
                 where position > (select checkpoint from relay) order by position limit 1), 0)::float8 as seconds
from relay
"""
_TIMERS = """
select count(*) as overdue, coalesce(extract(epoch from $2::timestamptz - min(due)), 0)::float8 as seconds,
       count(*) filter (where failures > 0) as failing
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
    """The age of the oldest of them."""


@dataclass(frozen=True)
class Overdue:
    """Timers whose time has come and that have not had their effect."""

    timers: int
    seconds: float
    """How late the latest is."""
    failing: int
    """How many of them failed when they were tried."""


@dataclass(frozen=True)
class Figures:
    """All of them at one moment. A service without a log of its own has neither relay nor timers."""

    parked: Mapping[str, int]
    """Streams that wait, by the reason of their first message."""
    relay: RelayLag | None = None
    timers: Overdue | None = None


async def read_figures(connection: Connection, now: datetime | None) -> Figures:
    """As the database has them; `now` is the time of a service with a log of its own, None for others."""
    parked = {row["reason"]: row["streams"] for row in await connection.fetch(_PARKED)}
    if now is None:
        return Figures(parked)
    relay = await connection.fetchrow(_RELAY)
    timers = await connection.fetchrow(_TIMERS, now - OVERDUE_AFTER, now)
    assert relay is not None
    assert timers is not None
    lag = RelayLag(relay["events"], relay["seconds"])
    return Figures(parked, lag, Overdue(timers["overdue"], timers["seconds"], timers["failing"]))
