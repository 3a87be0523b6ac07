"""A consumer that reacts to facts with commands of its own service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid5

from opentelemetry.trace import SpanKind

from shared.eventstore.change import Change
from shared.eventstore.clock import Clock
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database
from shared.eventstore.decider import Guard
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes, Metadata
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Standing
from shared.messaging.received_fact import Fact, ReceivedFact
from shared.messaging.reconciliation_state import AskAgain
from shared.messaging.recovered_commands import DoneBefore, done_nowhere
from shared.telemetry.context import span


@dataclass(frozen=True)
class Reaction:
    """What a service does about a fact: commands for its subjects, relying on guarded streams."""

    intents: Sequence[Intent[Any, Any]] = ()
    guards: Sequence[Guard] = ()


React = Callable[[ReceivedFact], Awaitable[Reaction]]
Reactions = Mapping[type[Event], React]
"""Reactions of a service by the class of the fact. A reaction never refuses: what cannot be applied becomes a fact."""


class Reactor(Consumer):
    """Runs the reactions of an event-sourced service."""

    def __init__(
        self,
        database: Database,
        store: EventStore,
        clock: Clock,
        types: EventTypes,
        reactions: Reactions,
        *,
        own_source: str,
        ask_again: AskAgain,
        done_before: DoneBefore = done_nowhere,
    ) -> None:
        super().__init__(database, types, own_source=own_source, ask_again=ask_again)
        self._store = store
        self._clock = clock
        self._reactions = reactions
        self._done_before = done_before

    async def take(self, facts: Sequence[Fact]) -> None:
        """Runs the reaction to each fact and moves the inbox past it.

        Facts without a reaction only move the inbox, together with the next fact that has one.
        """
        start = facts[0][0]
        last: ReceivedFact | None = None
        for _, received in facts:
            react = self._reactions.get(type(received.event)) if received.event is not None else None
            if react is None:
                last = received
                continue
            await self._react(react, start, received)
            start, last = start.after(received.message), None
        if last is not None:
            metadata = Metadata(command_id=last.message.event_id, actor=self._own_source)
            await self._store.append(Change(metadata, mark=start.step(last.message)))

    async def _react(self, react: React, standing: Standing, received: ReceivedFact) -> None:
        message = received.message
        about = {"case": str(message.stream), "fact": message.type, "service": self._own_source}
        with span(f"apply {message.type}", kind=SpanKind.CONSUMER, parent=message.traceparent, **about):
            reaction = await react(ReceivedFact(message, received.event and received.event.public_form()))
            command_id = uuid5(message.event_id, self._own_source)
            done = await self._done_before(command_id)
            await execute(
                self._store,
                [intent for intent in reaction.intents if intent.stream not in done],
                at=self._clock.now(),
                guards=reaction.guards,
                mark=standing.step(message),
                metadata=Metadata(
                    command_id=command_id,
                    actor=self._own_source,
                    causation=f"{message.source}/{message.stream}/{message.version}",
                    origin=message.origin,
                ),
            )
