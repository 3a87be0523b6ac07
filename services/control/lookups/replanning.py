"""Looks through the visits of calendars that have changed, and moves those that cannot stay (R7, R15, R17, R18, R42).

Each course decides by a command of its own. After a crash the timer fires again, and finds the visits that were moved
before in places that fit.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from services.control.lookups.found_places import CAUSES, found_inspection, found_places
from services.control.lookups.making_room import with_room_for_plans
from services.control.lookups.retrying_on_conflicts import retry_on_conflicts
from services.control.people.rules.centre_holidays import Holidays, NoteCentreReplanned
from services.control.people.rules.person_decider import NoteReplanned
from services.control.people.rules.phases import State, Unlisted
from services.control.planning.lookups.centres import people_of_centre
from services.control.planning.lookups.inspector_calendar import calendar_for_plans
from services.control.planning.rules.holds import HOLD, NoteLostPlace, places_of
from services.control.planning.rules.place_names import (
    former_names_of_calendar,
    names_of_calendar,
    sought_in_calendar,
)
from services.control.rules.after_offer_not_accepted import ReplanInspection
from services.control.rules.course_decider import COURSE, Command
from services.control.rules.phases import AfterNo, NotStarted, Running
from services.control.rules.planned_places import NoteNoPlace, PlanPlaces
from shared.contracts.control import NewInspectionBooked, PlaceNotFound
from shared.deadlines.copenhagen import local_day, moment_of
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Metadata
from shared.eventstore.reservations import reserved_under
from shared.eventstore.timers import Together
from shared.service import Runtime


@dataclass(frozen=True)
class Replanned:
    """How many visits were moved, and how many found no place."""

    moved: int = 0
    not_found: int = 0

    def __add__(self, other: "Replanned") -> "Replanned":
        """Returns the sum."""
        return Replanned(self.moved + other.moved, self.not_found + other.not_found)


def replanning(runtime: Runtime) -> dict[str, Callable[[Any, TimerDue], Awaitable[object]]]:
    """Returns what the timers of people and centres do before they are recorded."""

    async def of_person(state: State, timer: TimerDue) -> object:
        if isinstance(state, Unlisted):
            return timer
        done = await replan_calendars(runtime, [state.person_id], timer.at)
        return NoteReplanned(timer.at, timer.due, done.moved, done.not_found)

    async def of_centre(state: Holidays, timer: TimerDue) -> object:
        if state.centre is None:
            return timer
        people = await people_of_centre(runtime, state.centre)
        done = await replan_calendars(runtime, people, timer.at)
        return NoteCentreReplanned(timer.at, timer.due, done.moved, done.not_found)

    return {"person:replan-visits": of_person, "centre:replan-visits": of_centre}


async def replan_calendars(runtime: Runtime, inspectors: Iterable[str], at: datetime) -> Replanned:
    """R17: moves what cannot stay in these calendars; can be repeated, since what was moved fits."""
    done = Replanned()
    for inspector in inspectors:
        for stream in await _with_places_in(runtime, inspector, local_day(at)):
            done += await retry_on_conflicts(partial(_replan, runtime, stream, at))
    return done


async def _with_places_in(runtime: Runtime, inspector: str, first: date) -> list[UUID]:
    """Returns the courses with visits in a calendar from a day on, and those that look for a place in it."""
    sought = await runtime.database.ask(reserved_under, sought_in_calendar(inspector))
    streams = set(sought.values())
    for prefix in (former_names_of_calendar(inspector), names_of_calendar(inspector)):
        for name, stream in (await runtime.database.ask(reserved_under, prefix)).items():
            if date.fromisoformat(name.removeprefix(prefix).split("/")[0]) >= first:
                streams.add(stream)
    return sorted(streams)


async def _replan(runtime: Runtime, stream: UUID, at: datetime) -> Replanned:
    standing = await read(runtime.store, COURSE, stream)
    if isinstance(standing.state, NotStarted):
        return await _note_lost_place(runtime, stream, at)
    command = await _command(runtime, standing.state, at) if standing.liveness.is_live else None
    if command is None:
        return Replanned()
    metadata = Metadata(command_id=uuid4(), actor=runtime.name)
    others: Sequence[Intent[Any, Any]] = ()
    if isinstance(command, PlanPlaces) and isinstance(standing.state, Running):
        found = await with_room_for_plans(runtime, standing.state, command, at)
        command, others = (found.command, found.others) if isinstance(found, Together) else (found, ())
    intent = Intent(COURSE, stream, command, expected=standing.version, read=standing)
    decision, *_ = await execute(runtime.store, [intent, *others], at=at, metadata=metadata)
    not_found = sum(isinstance(fact, PlaceNotFound) for fact in decision.events)
    placed = len(_placed(decision.state) - _placed(standing.state))
    return Replanned(placed + len(others), not_found)


async def _note_lost_place(runtime: Runtime, stream: UUID, at: datetime) -> Replanned:
    """R12, R42: records that a guidance meeting cannot be held at a time that was promised.

    It is not moved by itself, since the company has a say in its time; guidance tells the company.
    """
    standing = await read(runtime.store, HOLD, stream)
    ahead = [place for place in places_of(standing.state) if moment_of(place.day, place.hours.begins) > at]
    if not ahead:
        return Replanned()
    calendar = await calendar_for_plans(runtime, ahead[0].inspector, runtime.policies.at(at))
    why = next((why for place in ahead if (why := calendar.why_not_kept(place)) is not None), None)
    if why is None:
        return Replanned()
    command = NoteLostPlace(at, CAUSES[why])
    intent = Intent(HOLD, stream, command, expected=standing.version, read=standing)
    await execute(runtime.store, [intent], at=at, metadata=Metadata(command_id=uuid4(), actor=runtime.name))
    return Replanned(not_found=1)


async def _command(runtime: Runtime, state: object, at: datetime) -> Command | None:
    """Returns what a course has to do; None where everything fits, or an earlier policy holds for it."""
    policy, today = runtime.policies.at(at), local_day(at)
    match state:
        case Running() if state.started.plans_controls:
            days = {place: plan.day for place, plan in state.plans.items()}
            days |= {place: booking.day for place, booking in state.bookings.items()}
            ahead = {place for place, day in days.items() if day >= today}
            places = [place for place in state.awaited if place in state.not_found or place in ahead]
            found = await found_places(runtime, state, places, at, policy)
            # That there is still no place was recorded when it was looked for, and is again when its timer fires.
            new = tuple(one for one in found if not isinstance(one, NoteNoPlace) or one.place_id not in state.not_found)
            return PlanPlaces(policy, new) if new else None
        case AfterNo(booking=NewInspectionBooked() as booking) if booking.day >= today:
            if not runtime.policies.at(state.noted.noted_at).planning.plans_from_acceptance:
                return None
            other = await found_inspection(runtime, state, at, policy)
            is_known = other is None if state.not_found is None else isinstance(other, tuple)
            return None if is_known else ReplanInspection(at, policy, other)
        case _:
            return None


def _placed(state: object) -> set[UUID]:
    """Returns the ids of what a course has in calendars."""
    match state:
        case Running(plans=plans, bookings=bookings):
            return {*(one.plan_id for one in plans.values()), *(one.control_id for one in bookings.values())}
        case AfterNo(booking=NewInspectionBooked(inspection_id=inspection)):
            return {inspection}
        case _:
            return set()
