"""Draws and keeps free places for a guidance meeting, and finds the place of one that is booked (R12, R15, R17).

Times for a company are drawn as if its own hidden visits were not there: times around a hidden visit would betray its
day (R18). A hidden visit whose place is drawn moves in the same append.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.control.lookups.found_places import CAUSES, Search, inspection_elsewhere
from services.control.planning.lookups.inspector_calendar import calendar_for_plans
from services.control.planning.lookups.visits import streams_with_places
from services.control.planning.rules.calendar import Calendar, FreePlace
from services.control.planning.rules.calendar_period import LONGEST_DAYS, working_days_of
from services.control.planning.rules.half_hours import MeetingPlace
from services.control.planning.rules.holds import (
    HOLD,
    Held,
    HoldPlaces,
    NoteLostPlace,
    NothingHeld,
    Taken,
    TakePlace,
    held_place,
    meetings_of,
    places_of,
)
from services.control.rules.after_offer_not_accepted import BookInspection, ReplanInspection
from services.control.rules.course_decider import COURSE, require_running
from services.control.rules.phases import AfterNo, Running
from services.control.rules.planned_places import Found, NoteNoPlace, PlanPlaces, is_planned
from shared.contracts.control import ControlBooked, ControlPlanned, NewInspectionBooked, PlacesHeld
from shared.contracts.guidance import GuidanceMeetingBooked
from shared.contracts.vocabulary import ContactForm, HeldPlace, PlanCause, Span
from shared.deadlines.copenhagen import end_of, local_day
from shared.eventstore.commands import Intent, read
from shared.eventstore.decider import Guard
from shared.eventstore.errors import Refused
from shared.eventstore.reservations import reserved_under
from shared.eventstore.state_cache import VersionedState
from shared.policy.policy import Policy
from shared.service import Runtime

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class AskedPlaces:
    """R12: what guidance asks for a meeting."""

    at: datetime
    policy: Policy
    meeting_id: UUID
    agreement_id: UUID
    form: ContactForm
    days: Span
    """Between which days the times are drawn, both included."""
    places: int
    by: str
    responsible: str | None
    """Who was responsible when it was found that the asker may do this."""


@dataclass(frozen=True)
class _Hidden:
    """A visit to the company on a day of which it was not told."""

    known: VersionedState[Any]
    stream: UUID
    place_id: UUID
    booking: ControlBooked | ControlPlanned | NewInspectionBooked


async def holding(runtime: Runtime, asked: AskedPlaces) -> list[Intent[Any, Any]]:
    """R12, R17, R18: returns the commands that keep places free, and move hidden visits out of their way.

    They are to be recorded together. There may be fewer places than were asked for. Raises Refused if there is none.
    """
    course = require_running("R12", (await read(runtime.store, COURSE, asked.agreement_id)).state)
    if course.inspector != asked.responsible:
        raise Refused("R15", "another inspector is responsible for the case now")
    refuse_impossible_days(asked.days, asked.at)
    former = await _without_times(runtime, asked)
    calendar = await calendar_for_plans(runtime, course.inspector, asked.policy)
    hidden = await _hidden_visits(runtime, course, course.inspector, asked.days)
    for one in hidden:
        calendar.give_up(one.booking)
    for freed in (place for one in former if one.read is not None for place in places_of(one.read.state)):
        calendar.give_up(freed)
    meetings = calendar.lasting(asked.policy.meeting_half_hours(asked.form))
    possible = [day for day in working_days_of(asked.days, asked.policy) if meetings.free_place(day) is not None]
    drawn = sorted(runtime.random_source.sample(possible, min(asked.places, len(possible))))
    held = {day: place for day in drawn if (place := meetings.take(day)) is not None}
    moves = _moves(runtime, calendar, hidden, held, asked.at, asked.policy)
    if not held:
        raise Refused(
            "R12",
            "no place for a meeting is free in the inspector's calendar from {first} to {last}",
            first=asked.days.first,
            last=asked.days.last,
        )
    hold = HoldPlaces(asked.policy, _told(course, asked, held, len(possible)), calendar.relies_on)
    return [Intent(HOLD, asked.meeting_id, hold), *former, *moves]


def refuse_impossible_days(days: Span, at: datetime) -> None:
    """R12: refuses days that are over or today, that end before they begin, or that are too many."""
    if days.first <= local_day(at):
        raise Refused("R12", "a meeting can be offered from tomorrow on, and {first} is not later", first=days.first)
    if days.last < days.first:
        raise Refused("R12", "the days end on {last}, before they begin on {first}", first=days.first, last=days.last)
    if days.last - days.first >= timedelta(days=LONGEST_DAYS):
        raise Refused("R12", "times are drawn from at most {most} days", most=LONGEST_DAYS)


async def _without_times(runtime: Runtime, asked: AskedPlaces) -> list[Intent[Any, Any]]:
    """R12: an agreement has one meeting at a time; returns what frees places from which nobody has chosen.

    Refuses a meeting while another one is booked, and an id that is something else's.
    """
    known = await read(runtime.store, HOLD, asked.meeting_id)
    if known.version and isinstance(known.state, NothingHeld):
        raise Refused("R12", "{meeting_id} is not the id of a meeting", meeting_id=asked.meeting_id)
    found = await runtime.database.ask(reserved_under, meetings_of(asked.agreement_id))
    former = []
    for meeting_id in set(found.values()) - {asked.meeting_id}:
        standing = await read(runtime.store, HOLD, meeting_id)
        if isinstance(standing.state, Taken):
            raise Refused("R12", "a meeting is booked, and was neither held nor cancelled")
        lost = NoteLostPlace(asked.at, PlanCause.GUIDANCE_TIME)
        former.append(Intent(HOLD, meeting_id, lost, expected=standing.version, read=standing))
    return former


async def _hidden_visits(runtime: Runtime, course: Running, inspector: str, days: Span) -> list[_Hidden]:
    cvr, found = course.started.cvr, list[_Hidden]()
    streams = await streams_with_places(runtime, days.first, days.last, frozenset({inspector}))
    for stream in streams:
        known = await read(runtime.store, COURSE, stream)
        match known.state:
            case Running(started=started, plans=plans, bookings=bookings) if started.cvr == cvr:
                movable = {place: one for place, one in plans.items() if is_planned(known.state, place)}
                found += [_Hidden(known, stream, place, one) for place, one in movable.items()]
                found += [_Hidden(known, stream, place, one) for place, one in bookings.items() if not one.announced]
            case AfterNo(noted=noted, booking=NewInspectionBooked() as booking) if noted.cvr == cvr:
                found.append(_Hidden(known, stream, stream, booking))
            case _:
                pass
    return [one for one in found if one.booking.inspector == inspector]


def _moves(
    runtime: Runtime,
    calendar: Calendar,
    hidden: Sequence[_Hidden],
    held: dict[date, FreePlace],
    at: datetime,
    policy: Policy,
) -> list[Intent[Any, Any]]:
    """Returns what moves the hidden visits whose places were drawn.

    Where one has no other place, its day is left out of `held`, and the visit stays.
    """
    displaced = [one for one in hidden if calendar.overlaps(one.booking)]
    for one in hidden:
        if one not in displaced:
            calendar.keep(one.booking)
    moved: dict[UUID, list[Found | BookInspection]] = {}
    known: dict[UUID, VersionedState[Any]] = {}
    for one in displaced:
        elsewhere = _elsewhere(runtime, one, calendar, at, policy)
        if elsewhere is None:
            place = held.pop(one.booking.day, None)
            if place is not None:
                calendar.give_up(MeetingPlace(calendar.inspector, one.booking.day, place.slot, place.hours))
            calendar.keep(one.booking)
        else:
            moved.setdefault(one.stream, []).append(elsewhere)
            known[one.stream] = one.known
    return [_move(stream, known[stream], found, at, policy) for stream, found in moved.items()]


def _elsewhere(
    runtime: Runtime, one: _Hidden, calendar: Calendar, at: datetime, policy: Policy
) -> Found | BookInspection | None:
    state, chance = one.known.state, runtime.random_source
    if isinstance(one.booking, NewInspectionBooked):
        inspection = inspection_elsewhere(state, one.booking, calendar, at, policy, chance)
        return inspection if isinstance(inspection, BookInspection) else None
    search = Search(state, calendar, at, policy, chance)
    control = search.elsewhere(one.place_id, one.booking, PlanCause.GUIDANCE_TIME)
    return None if isinstance(control, NoteNoPlace) else control


def _move(
    stream: UUID,
    known: VersionedState[Any],
    found: Sequence[Found | BookInspection],
    at: datetime,
    policy: Policy,
) -> Intent[Any, Any]:
    command: PlanPlaces | ReplanInspection
    match found:
        case [BookInspection() as inspection]:
            command = ReplanInspection(at, policy, inspection)
        case _:
            command = PlanPlaces(policy, tuple(one for one in found if not isinstance(one, BookInspection)))
    return Intent(COURSE, stream, command, expected=known.version, read=known)


def _told(course: Running, asked: AskedPlaces, held: dict[date, FreePlace], possible: int) -> PlacesHeld:
    return PlacesHeld(
        agreement_id=asked.agreement_id,
        meeting_id=asked.meeting_id,
        cvr=course.started.cvr,
        p_number=course.started.p_number,
        topic=course.started.topic,
        inspector=course.inspector,
        form=asked.form,
        first=asked.days.first,
        last=asked.days.last,
        possible=possible,
        places=tuple(_kept_free(number, day, place) for number, (day, place) in enumerate(sorted(held.items()), 1)),
        held_at=asked.at,
        offered_by=asked.by,
        expires_at=end_of(local_day(asked.at) + _ONE_DAY * asked.policy.planning.places_held_days),
    )


async def taking(runtime: Runtime, fact: GuidanceMeetingBooked) -> list[Intent[Any, Any]]:
    """R12, R15: returns the commands that give a booked meeting its place, or record that there is none any more."""
    standing = await read(runtime.store, HOLD, fact.meeting_id)
    at = runtime.clock.now()
    place: HeldPlace | PlanCause
    moves: list[Intent[Any, Any]] = []
    relies_on: tuple[Guard, ...] = ()
    match standing.state:
        case Held(told=told) if told.inspector == fact.inspector and (
            held := held_place(standing.state, fact.time.number)
        ):
            place = held
        case Taken(taken=taken) if taken.inspector == fact.inspector:
            place = taken.place
        case _:
            place, relies_on, moves = await _free_again(runtime, fact, at)
    command = TakePlace(at, fact.agreement_id, fact.meeting_id, fact.inspector, place, relies_on)
    return [Intent(HOLD, fact.meeting_id, command, expected=standing.version, read=standing), *moves]


async def _free_again(
    runtime: Runtime, fact: GuidanceMeetingBooked, at: datetime
) -> tuple[HeldPlace | PlanCause, tuple[Guard, ...], list[Intent[Any, Any]]]:
    """Looks for the time of a meeting whose place was not kept free; the company's hidden visits make room (R18)."""
    policy, day = runtime.policies.at(at), fact.time.day
    calendar = await calendar_for_plans(runtime, fact.inspector, policy)
    course = (await read(runtime.store, COURSE, fact.agreement_id)).state
    hidden: list[_Hidden] = []
    if isinstance(course, Running):
        hidden = await _hidden_visits(runtime, course, fact.inspector, Span(first=day, last=day))
    for one in hidden:
        calendar.give_up(one.booking)
    free = calendar.take_at(day, fact.time.hours)
    if not isinstance(free, FreePlace):
        return CAUSES[free], calendar.relies_on, []
    held = {day: free}
    moves = _moves(runtime, calendar, hidden, held, at, policy)
    place = _kept_free(fact.time.number, day, free) if held else PlanCause.WORKING_TIME
    return place, calendar.relies_on, moves


def _kept_free(number: int, day: date, place: FreePlace) -> HeldPlace:
    return HeldPlace(
        number=number,
        day=day,
        begins=place.hours.begins,
        duration_minutes=place.hours.duration_minutes,
        slot=place.slot,
    )
