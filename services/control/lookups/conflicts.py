"""Looks for what stands against agreements, and records on each of them what was found (R41).

Who comes first does not matter: whatever changes is recorded before anybody looks, so that of two that happen at the
same time at least one sees the other. What is found twice is recorded once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from uuid import UUID, uuid5

from services.control.rules.conflicts import NoteConflicts, Opponent, conflict_with, course_of, note
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Broken, Kept, Running, Stopped
from services.control.rules.running_at import running_at
from services.control.rules.standing_orders import ORDER, Over, Standing, order_stream, stands_at
from shared.contracts.vocabulary import ConflictKind
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata
from shared.eventstore.reservations import held_under
from shared.service import Runtime


async def in_conflict_with(runtime: Runtime, case_id: UUID) -> list[UUID]:
    """The agreements on which a conflict with a case stands."""
    return sorted((await runtime.database.ask(held_under, conflict_with(case_id))).values())


async def running_on(runtime: Runtime, p_number: str, topic: str) -> list[UUID]:
    """The agreements that run on a topic at a unit."""
    return sorted((await runtime.database.ask(held_under, running_at(p_number, topic))).values())


async def look_into(runtime: Runtime, agreements: Iterable[UUID], metadata: Metadata) -> None:
    """Record on each agreement what stands against it and what does no more; on other agreements in conflict, too.

    May be repeated: `metadata` names the cause, from which the id of every command follows.
    """
    waiting, seen = list(dict.fromkeys(agreements)), set()
    while waiting:
        agreement_id = waiting.pop(0)
        seen.add(agreement_id)
        others = await _look_into(runtime, agreement_id, metadata)
        waiting += [other for other in dict.fromkeys(others) if other not in seen and other not in waiting]


async def _look_into(runtime: Runtime, agreement_id: UUID, metadata: Metadata) -> Sequence[UUID]:
    """The other agreements that are, or were, in conflict with this one."""
    others = await in_conflict_with(runtime, agreement_id)
    for number in count(1):
        state = (await read(runtime.store, COURSE, agreement_id)).state
        if not isinstance(state, Running | Kept | Broken | Stopped):
            break
        now = runtime.clock.now()
        command = NoteConflicts(now, await _against(runtime, state), await _over(runtime, state))
        others += [one.case_id for one in command.found if one.kind is ConflictKind.AGREEMENT]
        if not note(state, command):
            break  # what was recorded was looked at once more, and stands
        named = replace(metadata, command_id=uuid5(metadata.command_id, f"conflicts of {agreement_id}/{number}"))
        await execute(runtime.store, [Intent(COURSE, agreement_id, command)], at=now, metadata=named)
    return others


async def _against(runtime: Runtime, state: Running | Kept | Broken | Stopped) -> tuple[Opponent, ...]:
    """What stands against an agreement that runs, at each of its units."""
    if not isinstance(state, Running):
        return ()
    started = state.started
    found: list[Opponent] = []
    for p_number in dict.fromkeys(place.p_number for place in state.places):
        orders = await runtime.database.ask(held_under, stands_at(p_number, started.topic))
        for stream in orders.values():
            order = (await read(runtime.store, ORDER, stream)).state
            if isinstance(order, Standing):
                found.append(Opponent(ConflictKind.ORDER, order.noted.order_case_id, order.noted.cvr, p_number))
        for other_id in await running_on(runtime, p_number, started.topic):
            other = (await read(runtime.store, COURSE, other_id)).state
            if other_id != started.agreement_id and isinstance(other, Running):
                found.append(Opponent(ConflictKind.AGREEMENT, other_id, other.started.cvr, p_number))
    return tuple(found)


async def _over(runtime: Runtime, state: Running | Kept | Broken | Stopped) -> frozenset[UUID]:
    """The cases with which the agreement was in conflict, and that stand or run no more."""
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
