"""Runs commands through deciders: load, decide, and append with the timers and reservations of the new state."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.eventstore.change import Change, IdempotencyKey, Mark, Occurred, Write
from shared.eventstore.decider import Decider, Guard
from shared.eventstore.errors import Refused, StaleVersion, VersionMismatch
from shared.eventstore.event_store import EventStore, Loaded
from shared.eventstore.events import Event, Metadata, Origin
from shared.eventstore.liveness import Liveness, liveness_of
from shared.eventstore.state_cache import VersionedState
from shared.telemetry.context import current_traceparent

State = TypeVar("State")
Command = TypeVar("Command")
ATTEMPTS = 40
"""How often a command that did not name a version is decided anew after losing to another."""


@dataclass(frozen=True)
class Intent(Generic[State, Command]):
    """A command for one subject. A command that has a `policy` gives its version to the facts that come of it.

    One that has `relies_on`, guards, is recorded only if those streams stand as they were when it was built.
    """

    decider: Decider[State, Command]
    stream: UUID
    command: Command
    expected: int | None = None
    """The version that the caller decided on; None decides on the current version."""
    read: VersionedState[State] | None = None
    """The subject as the caller has just read it, so that it is not read twice."""


@dataclass(frozen=True)
class Decision(Generic[State]):
    """The events that one subject would record, and the states before and after them."""

    stream: UUID
    before: VersionedState[State]
    events: tuple[Event, ...]
    state: State
    liveness: Liveness
    """That of the case with these events."""

    @property
    def version(self) -> int:
        """Returns the version of the stream once the events are recorded."""
        return self.before.version + len(self.events)


async def read(store: EventStore, decider: Decider[State, Any], stream: UUID) -> VersionedState[State]:
    """Returns the current state of a subject, with its version; loads only the events that its cached state lacks."""
    known = store.state_cache.latest(decider, stream)
    # Of a stream without facts nothing is known, and what its first fact will say of its origin neither.
    newer = None if known is None or not known.version else await store.load_newer(stream, known.version)
    if known is None or newer is None:
        current = folded(decider, await store.load(stream))
    else:
        events = [recorded.event for recorded in newer]
        state = decider.fold(events, known.state)
        current = VersionedState(known.version + len(newer), state, known.liveness.after(events))
    store.state_cache.note_read(decider, stream, current)
    return current


def folded(decider: Decider[State, Any], loaded: Loaded) -> VersionedState[State]:
    """Returns the state that the events of a stream lead to, with its version."""
    state = decider.fold([recorded.event for recorded in loaded.events])
    return VersionedState(loaded.version, state, liveness_of(decider, loaded.events))


def decide(
    intent: Intent[State, Command], before: VersionedState[State], origin: Origin = Origin.LIVE
) -> Decision[State]:
    """Decides a command without recording the events; `origin` is that of a case that begins with them.

    Raises Refused, or VersionMismatch.
    """
    if intent.expected is not None and before.version != intent.expected:
        raise VersionMismatch(intent.expected, before.version)
    events = tuple(intent.decider.decide(before.state, intent.command))
    begins = intent.decider.of_a_case and not before.version
    begun = Liveness(origin) if begins else before.liveness
    return Decision(intent.stream, before, events, intent.decider.fold(events, before.state), begun.after(events))


def refuse_history(decisions: Sequence[Decision[Any]]) -> None:
    """R30: refuses somebody's commands if a case is history and stays so; only a take-over makes it live."""
    for decision in decisions:
        if not decision.liveness.is_live:
            why = "the case is history ({how}): it takes commands once it is taken over"
            raise Refused("R30", why, how=decision.liveness.origin)


async def _decide(store: EventStore, intent: Intent[State, Command], origin: Origin, *, guess: bool) -> Decision[State]:
    """Without reading, where the subject is known and may be guessed at: the append finds out whether it stands so.

    No append follows a refusal; so one on what is known counts only if it is repeated on what stands. Beside guards
    there is no guessing: that an append is stale would not say what has moved.
    """
    known = store.state_cache.get(intent.decider, intent.stream) if guess and intent.read is None else None
    if known is not None:
        with suppress(Exception):
            return decide(intent, known, origin)
    return decide(intent, intent.read or await read(store, intent.decider, intent.stream), origin)


async def execute(
    store: EventStore,
    intents: Sequence[Intent[Any, Any]],
    *,
    at: datetime,
    metadata: Metadata,
    guards: Sequence[Guard] = (),
    mark: Mark | None = None,
    key: Callable[[Sequence[Decision[Any]]], IdempotencyKey] | None = None,
) -> list[Decision[Any]]:
    """Decides and records commands for one or more subjects, all or none.

    A command that lost to another is decided anew on the newer state. It fails instead if it names a version
    (VersionMismatch) or a guarded stream moved (StaleVersion: the caller must read again). `key` is built from what was
    decided, so that a repetition can be given the same answer.
    """
    guards = (*guards, *_relied_on(intents))
    metadata = replace(
        metadata,
        traceparent=metadata.traceparent or current_traceparent(),
        policy=_policy(intents) or metadata.policy,
    )
    for attempt in range(1, ATTEMPTS + 1):
        decided = [await _decide(store, intent, metadata.origin, guess=not guards) for intent in intents]
        used_key = key(decided) if key else None
        change = _change(intents, decided, at=at, metadata=metadata, guards=guards, mark=mark, key=used_key)
        try:
            await store.append(change)
        except StaleVersion:
            for intent, decision in zip(intents, decided, strict=True):
                if store.state_cache.get(intent.decider, intent.stream) is decision.before:
                    store.state_cache.moved(intent.decider, intent.stream)
            if guards or attempt == ATTEMPTS:
                raise
            intents = [replace(intent, read=None) for intent in intents]
            continue
        for intent, decision in zip(intents, decided, strict=True):
            after = VersionedState(decision.version, decision.state, decision.liveness)
            store.state_cache.keep(intent.decider, intent.stream, after)
        return decided
    raise AssertionError("unreachable")


def _relied_on(intents: Sequence[Intent[Any, Any]]) -> set[Guard]:
    return {guard for intent in intents for guard in getattr(intent.command, "relies_on", ())}


def _policy(intents: Sequence[Intent[Any, Any]]) -> str | None:
    """The version of the policy under which commands decide; those of one change were made at one time."""
    policies = (getattr(intent.command, "policy", None) for intent in intents)
    return next((str(policy.version) for policy in policies if policy is not None), None)


def _change(
    intents: Sequence[Intent[Any, Any]],
    decided: Sequence[Decision[Any]],
    *,
    at: datetime,
    metadata: Metadata,
    guards: Sequence[Guard],
    mark: Mark | None,
    key: IdempotencyKey | None,
) -> Change:
    writes = [Write(guard.stream, guard.version) for guard in guards]
    arm: list[tuple[UUID, str, datetime]] = []
    cancel: list[tuple[UUID, str]] = []
    reserve: list[tuple[str, UUID]] = []
    release: list[tuple[str, UUID]] = []
    for intent, decision in zip(intents, decided, strict=True):
        decider, stream, before = intent.decider, decision.stream, decision.before.state
        occurred = tuple(Occurred(event, at) for event in decision.events)
        origin = decision.liveness.of_next_fact if decider.of_a_case else metadata.origin
        writes.append(Write(stream, decision.before.version, occurred, decider.concerns(decision.state), origin))
        standing = timer_rows(decider, before, decision.before.liveness)
        wanted = timer_rows(decider, decision.state, decision.liveness)
        arm.extend((stream, name, due) for name, due in wanted.items() if standing.get(name) != due)
        cancel.extend((stream, name) for name in standing if name not in wanted)
        held, needed = decider.reservations(before), decider.reservations(decision.state)
        reserve.extend((name, stream) for name in sorted(needed - held))
        release.extend((name, stream) for name in sorted(held - needed))
    return Change(
        metadata=metadata,
        writes=tuple(writes),
        key=key,
        mark=mark,
        arm=tuple(arm),
        cancel=tuple(cancel),
        reserve=tuple(reserve),
        release=tuple(release),
    )


def timer_rows(decider: Decider[Any, Any], state: Any, liveness: Liveness) -> dict[str, datetime]:
    """Returns the timers that a state needs, named `<subject>:<timer>` as the timers table has them."""
    wanted = liveness.wanted(decider.timers(state), decider.catches_up)
    return {f"{decider.name}:{name}": due for name, due in wanted.items()}
