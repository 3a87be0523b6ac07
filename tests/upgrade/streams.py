"""Every stream of a database as the deciders fold it, and what is armed and parked there."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.control import service as control
from services.guidance import service as guidance
from services.offers import service as offers
from shared.eventstore.events import Event, EventTypes
from shared.service import EventSourced
from tests.upgrade.manifest import KeptMessage

SERVICES: tuple[EventSourced, ...] = (offers.SERVICE, guidance.SERVICE, control.SERVICE)
CONSUMERS = ("offers", "guidance", "control", "reporting")
Streams = Mapping[str, Mapping[UUID, Any]]
"""States by the name of their decider and their stream."""


async def fold_streams(connection: "asyncpg.Connection[asyncpg.Record]") -> Streams:
    """The state of every stream; a stream belongs to the decider that makes something of its facts."""
    folded: dict[str, dict[UUID, Any]] = {subject.name: {} for service in SERVICES for subject in service.subjects}
    for service in SERVICES:
        for stream, events in (await _events(connection, service)).items():
            for subject in service.subjects:
                state = subject.fold(events)
                if state != subject.initial:
                    folded[subject.name][stream] = state
    return folded


def by_phase(streams: Streams) -> dict[str, dict[str, int]]:
    """How many streams stand in each phase."""
    return {
        subject: dict(sorted(Counter(type(state).__name__ for state in states.values()).items()))
        for subject, states in streams.items()
        if states
    }


@dataclass(frozen=True)
class ArmedTimer:
    """A timer that has not fired."""

    service: str
    stream: UUID
    name: str
    """`<subject>:<timer>`; some timers end with the id of what they are about."""
    due: datetime


def kind_of(timer: ArmedTimer) -> str:
    """The name without an id at its end."""
    return ":".join(timer.name.split(":")[:2])


async def armed_timers(connection: "asyncpg.Connection[asyncpg.Record]") -> list[ArmedTimer]:
    """All of every service, the one that is due first at the head."""
    timers = [
        ArmedTimer(service.name, row["stream"], row["name"], row["due"])
        for service in SERVICES
        for row in await connection.fetch(f"select stream, name, due from {service.name}.timers")
    ]
    return sorted(timers, key=lambda timer: (timer.due, timer.name, timer.stream))


async def parked_messages(connection: "asyncpg.Connection[asyncpg.Record]") -> list[KeptMessage]:
    """What waits, with every consumer."""
    return [
        KeptMessage(consumer=consumer, **row)
        for consumer in CONSUMERS
        for row in await connection.fetch(
            f"select source, stream, version, reason from {consumer}.parked order by source, stream, version"
        )
    ]


async def _events(
    connection: "asyncpg.Connection[asyncpg.Record]", service: EventSourced
) -> Mapping[UUID, list[Event]]:
    types = EventTypes(service.facts)
    rows = await connection.fetch(
        f"select stream, type, schema_version, data from {service.name}.events order by stream, version"
    )
    events: dict[UUID, list[Event]] = {}
    for row in rows:
        event = types.restore(row["type"], json.loads(row["data"]), row["schema_version"])
        events.setdefault(row["stream"], []).append(event)
    return events
