"""Gives a command of an operator to one of many cases, or only decides it."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from shared.eventstore.commands import Intent, decide, execute, read
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, Metadata


async def carried_out(store: EventStore, intent: Intent[Any, Any], *, dry_run: bool) -> Sequence[Event]:
    """Returns the events that a command records; with `dry_run` those that it would. Its command has `at` and `by`."""
    if dry_run:
        return decide(intent, await read(store, intent.decider, intent.stream)).events
    metadata = Metadata(command_id=uuid4(), actor=intent.command.by)
    [decision] = await execute(store, [intent], at=intent.command.at, metadata=metadata)
    return decision.events
