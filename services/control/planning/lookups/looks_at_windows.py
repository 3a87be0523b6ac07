"""The daily look at a centre: which controls may have to be held after their window, and what would make room (R17)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.control.people.rules.centre_holidays import CENTRE, BeginLooks, NoteLook, centre_stream
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.people.rules.phases import Listed
from services.control.planning.lookups.centres import centres_of_people, people_of_centre
from services.control.planning.lookups.drawn_futures import shares_missed
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.rules.calendar_period import working_days_of
from services.control.planning.rules.half_hours import Booking
from services.control.planning.rules.matching import InspectorDay
from services.control.planning.rules.ways_to_make_room import (
    ColleagueVisits,
    Elsewhere,
    HeldLater,
    OtherCentreVisits,
    VisitMoves,
    Way,
    ways_to_make_room,
)
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Prospect, Room, prospects, risk
from services.control.rules.booking import days_left, is_left_at
from services.control.rules.cases_of_inspector import OPEN_CASES, cases_by_inspector
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.window_risk import LookedAt, NoteWindows, note
from shared.contracts.vocabulary import Centre, MakesRoom, Span, WayToMakeRoom
from shared.deadlines.copenhagen import local_day, start_of
from shared.deadlines.deadlines import next_working_day
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata
from shared.eventstore.reservations import reserved_under
from shared.policy.policy import Policy
from shared.reference.reference import topics
from shared.service import Runtime

_BEHIND_THE_WINDOWS = timedelta(days=60)
"""How far behind the last window a later day is looked for, beyond what an extension moves."""
_WAYS_OF_A_KIND = 5
_ONE_DAY = timedelta(days=1)


def begin_looks(at: datetime, policy: Policy) -> list[Intent[Any, Any]]:
    """R17: returns the commands with which the daily looks begin, at every centre: a case may be handed over to it."""
    if not policy.planning.looks_at_windows:
        return []
    first = next_look(at, policy)
    return [Intent(CENTRE, centre_stream(centre), BeginLooks(at, centre, first)) for centre in Centre]


def next_look(at: datetime, policy: Policy) -> datetime:
    """R17: returns when the next look is due: at the beginning of the next working day."""
    return start_of(next_working_day(local_day(at) + _ONE_DAY, policy))


async def look_through(runtime: Runtime, centre: Centre, courses: Mapping[UUID, Running], at: datetime) -> NoteLook:
    """R17: records on each of the courses of a centre what has changed, and returns what is to be recorded of the look.

    Each course is a command of its own, which changes nothing if it is repeated, so that a look that was cut short is
    simply made again.
    """
    policy = runtime.policies.at(at)
    found = await _looked_at(runtime, centre, courses, at, policy)
    for stream, windows in found.items():
        command = NoteWindows(at, windows)
        if note(courses[stream], command):
            metadata = Metadata(command_id=uuid5(stream, f"windows@{at.isoformat()}"), actor=runtime.name)
            await execute(runtime.store, [Intent(COURSE, stream, command)], at=at, metadata=metadata)
    looked_at = [one for of_course in found.values() for one in of_course]
    return NoteLook(
        at,
        centre,
        windows=len(looked_at),
        at_risk=sum(one.risk is not None for one in looked_at),
        next_at=next_look(at, policy) if courses else None,
    )


async def courses_of_centre(runtime: Runtime, centre: Centre) -> dict[UUID, Running]:
    """Returns the running agreements whose controls are awaited of people of the centre, without those of history.

    Whoever no directory knows counts to the centre *other*.
    """
    open_cases = cases_by_inspector(await runtime.database.ask(reserved_under, OPEN_CASES))
    centres = await centres_of_people(runtime, open_cases)
    streams = [
        stream
        for inspector, of_inspector in open_cases.items()
        if (centres[inspector] or Centre.OTHER) is centre
        for stream in of_inspector
    ]
    standing = await asyncio.gather(*(read(runtime.store, COURSE, stream) for stream in streams))
    read_now = zip(streams, standing, strict=True)
    live = ((stream, one.state) for stream, one in read_now if one.liveness.is_live)
    return {stream: state for stream, state in live if isinstance(state, Running) and state.awaited}


@dataclass
class _Asked:
    """The visits of a centre whose windows still have days, and what is needed to tell of them."""

    visits: list[AwaitedVisit] = field(default_factory=list)
    stream_of: dict[UUID, UUID] = field(default_factory=dict)


def _awaited(courses: Mapping[UUID, Running], at: datetime, policy: Policy) -> _Asked:
    """Returns what is asked: of a control that is held today nothing, since it needs no other day."""
    asked = _Asked()
    today = local_day(at)
    for stream, course in courses.items():
        for place in course.awaited:
            left = days_left(course, place, at, policy)
            booking, standing = course.bookings.get(place), _place_in_window(course, place)
            if left is None or not is_left_at(course, place) or standing == today:
                continue
            stays = booking is not None and booking.announced and booking.day > today
            asked.stream_of[place] = stream
            asked.visits.append(
                AwaitedVisit(
                    visit_id=place,
                    inspectors=(course.inspector,),
                    first=left.first,
                    last=left.last,
                    announced_for=InspectorDay(booking.inspector, booking.day) if booking and stays else None,
                    stands_on=standing,
                    may_be_extended=course.complete is None,
                )
            )
    return asked


def _place_in_window(course: Running, place: UUID) -> date | None:
    """Returns the day in its window on which a control stands; None if it is late, or cannot be held on that day."""
    standing = course.bookings.get(place) or course.plans.get(place)
    if standing is None or standing.inspector != course.inspector or place in course.not_found:
        return None
    return None if course.window(place).is_over_on(standing.day) else standing.day


async def _looked_at(
    runtime: Runtime, centre: Centre, courses: Mapping[UUID, Running], at: datetime, policy: Policy
) -> dict[UUID, tuple[LookedAt, ...]]:
    asked = _awaited(courses, at, policy)
    if not asked.visits:
        return {}
    planning = policy.planning
    ends = max(visit.last for visit in asked.visits) + timedelta(days=planning.expected.extension_days)
    days = working_days_of(Span(first=local_day(at) + _ONE_DAY, last=ends + _BEHIND_THE_WINDOWS), policy)
    colleagues = await _competences(runtime, await people_of_centre(runtime, centre))
    people = sorted({*colleagues, *(course.inspector for course in courses.values())})
    standing: list[Booking] = []
    for course in courses.values():
        standing += course.plans.values()
        standing += course.bookings.values()
    room = Room(await _places(runtime, people, days, standing, policy))
    found, matching = prospects(asked.visits, room, planning.least_places_left)
    # Hundreds of matchings: beside the event loop, so that requests are answered meanwhile.
    missed = await asyncio.to_thread(shares_missed, asked.visits, room, planning, runtime.random_source)
    risks = {
        one.visit.visit_id: risk(one, missed[one.visit.visit_id], planning, _standing(courses, asked, one))
        for one in found
    }
    free = await _free_at_other_centres(runtime, centre, days, policy) if any(risks.values()) else {}
    looked_at: dict[UUID, list[LookedAt]] = {}
    for one in found:
        visit_id = one.visit.visit_id
        stream = asked.stream_of[visit_id]
        ways: tuple[Way, ...] = ()
        if risks[visit_id] is not None:
            elsewhere = _elsewhere(courses[stream], visit_id, colleagues, free)
            ways = ways_to_make_room(
                one, matching, room, elsewhere, least=planning.least_places_left, most=_WAYS_OF_A_KIND
            )
        looked_at.setdefault(stream, []).append(
            LookedAt(
                place_id=visit_id,
                last_day=courses[stream].window(visit_id).last_day,
                risk=risks[visit_id],
                places_left=one.places_left,
                missed_percent=round(missed[visit_id] * 100),
                would_make_room=tuple(_told(way, asked.stream_of) for way in ways),
            )
        )
    return {stream: tuple(of_course) for stream, of_course in looked_at.items()}


def _standing(courses: Mapping[UUID, Running], asked: _Asked, found: Prospect) -> bool:
    visit_id = found.visit.visit_id
    return visit_id in courses[asked.stream_of[visit_id]].at_risk


async def _places(
    runtime: Runtime, people: Sequence[str], days: Sequence[date], movable: Iterable[Booking], policy: Policy
) -> dict[InspectorDay, int]:
    """Returns how many visits fit into each day, those included that are being placed."""
    calendars = await asyncio.gather(*(calendar_of(runtime, person, policy) for person in people))
    by_person = dict(zip(people, calendars, strict=True))
    for booking in movable:
        if booking.inspector in by_person:
            by_person[booking.inspector].give_up(booking)
    places = (
        (InspectorDay(person, day), calendar.take_all(day)) for person, calendar in by_person.items() for day in days
    )
    return {place: fit for place, fit in places if fit}


Competences = Mapping[str, frozenset[str] | None]
"""By person the problem groups in which they may judge; None for all."""


async def _competences(runtime: Runtime, people: Sequence[str]) -> Competences:
    """R42: returns the competences of those who work at the authority; whoever has left gets no new case."""
    standing = await asyncio.gather(*(read(runtime.store, PERSON, person_stream(person)) for person in people))
    return {
        person: frozenset(one.state.described.competences) or None
        for person, one in zip(people, standing, strict=True)
        if isinstance(one.state, Listed)
    }


@dataclass(frozen=True)
class _FreeAtCentre:
    competences: Competences
    free: Sequence[InspectorDay]


async def _free_at_other_centres(
    runtime: Runtime, centre: Centre, days: Sequence[date], policy: Policy
) -> dict[Centre, _FreeAtCentre]:
    found = {}
    for other in Centre:
        if other is not centre:
            competences = await _competences(runtime, await people_of_centre(runtime, other))
            places = await _places(runtime, list(competences), days, (), policy)
            found[other] = _FreeAtCentre(competences, [place for place, fit in places.items() for _ in range(fit)])
    return found


def _elsewhere(
    course: Running, place: UUID, colleagues: Competences, free: Mapping[Centre, _FreeAtCentre]
) -> Elsewhere:
    group = topics()[course.started.topic].group

    def competent(person: str, among: Competences) -> bool:
        known = among[person]
        return known is None or group in known

    return Elsewhere(
        colleagues=[person for person in colleagues if competent(person, colleagues)],
        free_at_centres={
            centre: [place for place in there.free if competent(place.inspector, there.competences)]
            for centre, there in free.items()
        },
        late_reasons=course.limit(place).reasons,
    )


def _told(way: Way, stream_of: Mapping[UUID, UUID]) -> WayToMakeRoom:
    match way:
        case VisitMoves():
            return WayToMakeRoom(
                way=MakesRoom.VISIT_GIVEN_UP,
                inspector=way.place.inspector,
                agreement_id=stream_of[way.visit_id],
                place_id=way.visit_id,
                day=way.place.day,
            )
        case ColleagueVisits():
            return WayToMakeRoom(way=MakesRoom.COLLEAGUE, inspector=way.inspector, places=way.places)
        case OtherCentreVisits():
            return WayToMakeRoom(way=MakesRoom.OTHER_CENTRE, centre=way.centre, places=way.places)
        case HeldLater():
            return WayToMakeRoom(way=MakesRoom.LATER_DAY, day=way.day, late_reason_codes=way.reasons)
