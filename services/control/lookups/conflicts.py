"""Looks for conflicts of agreements, and records them on each agreement (R41).

Every change is recorded before anybody looks for conflicts, so that of two changes at the same time at least one sees
the other. A conflict that is found twice is recorded once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from uuid import UUID, uuid5

from services.control.rules.conflicts import NoteConflicts, Opponent, conflict_with, course_of, note
from services.control.rules.course_decider import COURSE
from services.control.rules.orders_on_topics import ORDER, Over, Standing, order_stream, stands_at
from services.control.rules.phases import Broken, Kept, Running, Stopped
from services.control.rules.running_agreement_index import running_agreements_prefix
from shared.contracts.vocabulary import ConflictKind
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata
from shared.eventstore.reservations import reserved_under
from shared.service import Runtime


async def in_conflict_with(runtime: Runtime, case_id: UUID) -> list[UUID]:
    """Returns the agreements on which a conflict with a case is recorded."""
    return sorted((await runtime.database.ask(reserved_under, conflict_with(case_id))).values())


async def running_on(runtime: Runtime, p_number: str, topic: str) -> list[UUID]:
    """Returns the agreements that run on a topic at a unit."""
    return sorted((await runtime.database.ask(reserved_under, running_agreements_prefix(p_number, topic))).values())


async def look_into(runtime: Runtime, agreements: Iterable[UUID], metadata: Metadata) -> None:
    """Records new and ended conflicts on each agreement, and on the agreements that it is or was in conflict with.

    Can be repeated: `metadata` names the cause, from which the id of every command is derived.
    """
    waiting, seen = list(dict.fromkeys(agreements)), set()
    while waiting:
        agreement_id = waiting.pop(0)
        seen.add(agreement_id)
        others = await _look_into(runtime, agreement_id, metadata)
        waiting += [other for other in dict.fromkeys(others) if other not in seen and other not in waiting]


async def _look_into(runtime: Runtime, agreement_id: UUID, metadata: Metadata) -> Sequence[UUID]:
    """Records the conflicts of one agreement; returns the agreements that are or were in conflict with it."""
    others = await in_conflict_with(runtime, agreement_id)
    for number in count(1):
        standing = await read(runtime.store, COURSE, agreement_id)
        state = standing.state
        if not isinstance(state, Running | Kept | Broken | Stopped) or not standing.liveness.is_live:
            break
        now = runtime.clock.now()
        command = NoteConflicts(now, await _current_conflicts(runtime, state), await _ended_conflicts(runtime, state))
        others += [one.case_id for one in command.found if one.kind is ConflictKind.AGREEMENT]
        if not note(state, command):
            break  # a second look found nothing more to record
        named = replace(metadata, command_id=uuid5(metadata.command_id, f"conflicts of {agreement_id}/{number}"))
        await execute(runtime.store, [Intent(COURSE, agreement_id, command)], at=now, metadata=named)
    return others


async def _current_conflicts(runtime: Runtime, state: Running | Kept | Broken | Stopped) -> tuple[Opponent, ...]:
    """Returns the conflicts of an agreement that runs, at each of its units."""
    if not isinstance(state, Running):
        return ()
    started = state.started
    found: list[Opponent] = []
    for p_number in dict.fromkeys(place.p_number for place in state.places):
        orders = await runtime.database.ask(reserved_under, stands_at(p_number, started.topic))
        for stream in orders.values():
            order = (await read(runtime.store, ORDER, stream)).state
            if isinstance(order, Standing):
                found.append(Opponent(ConflictKind.ORDER, order.noted.order_case_id, order.noted.cvr, p_number))
        for other_id in await running_on(runtime, p_number, started.topic):
            other = (await read(runtime.store, COURSE, other_id)).state
            if other_id != started.agreement_id and isinstance(other, Running):
                found.append(Opponent(ConflictKind.AGREEMENT, other_id, other.started.cvr, p_number))
    return tuple(found)


async def _ended_conflicts(runtime: Runtime, state: Running | Kept | Broken | Stopped) -> frozenset[UUID]:
    """Returns the cases with which the agreement was in conflict, and whose order or agreement has ended."""
    return frozenset(
        [
            other
            for other, flagged in course_of(state).conflicts.items()
            if await _has_ended(runtime, other, flagged.other_kind)
        ]
    )


async def _has_ended(runtime: Runtime, other: UUID, kind: ConflictKind) -> bool:
    match kind:
        case ConflictKind.ORDER:
            return isinstance((await read(runtime.store, ORDER, order_stream(other))).state, Over)
        case ConflictKind.AGREEMENT:
            return not isinstance((await read(runtime.store, COURSE, other)).state, Running)
