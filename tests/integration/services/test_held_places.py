"""Places are kept free for a guidance meeting as if the company's own hidden visits were not there (R12, R17, R18)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from services.control.lookups.holding_places import AskedPlaces, holding, taking
from services.control.lookups.retrying_on_conflicts import retry_on_conflicts
from services.control.people.rules.absences import NoteAway
from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.planning.lookups.visits import visits_between
from services.control.planning.rules.calendar import FreePlace
from services.control.planning.rules.half_hours import InCalendar, taken_by
from services.control.planning.rules.holds import HOLD, Held, Released, ReleasePlaces, State, Taken, places_of
from services.control.planning.rules.visit import VisitKind
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from shared.contracts.control import ChosenDay, ControlPlanned, HeldPlacesReleased, MeetingPlaceLost
from shared.contracts.guidance import GuidanceMeetingBooked
from shared.contracts.vocabulary import (
    Centre,
    ContactForm,
    HeldPlace,
    HoldEnd,
    PersonDescription,
    PersonRole,
    PlanCause,
    Reachable,
    Span,
    VisitHours,
)
from shared.eventstore.commands import execute, read
from shared.eventstore.errors import Refused
from shared.eventstore.events import Metadata
from tests.integration.services.booking_at_once import START, Process
from tests.unit.control.control_facts import INSPECTOR
from tests.unit.control.planning_policy import PLANNING_POLICIES

pytestmark = pytest.mark.rule("R12", "R17")
NOW = START + timedelta(hours=1)
POLICY = PLANNING_POLICIES.at(NOW)
WINDOW = Span(first=date(2026, 6, 23), last=date(2026, 7, 31))
"""From which the controls of agreements that are accepted on 20 March are drawn, and a little more."""
OTHER = "inspector-2"


@pytest.fixture
async def processes(postgres_dsn: str) -> AsyncIterator[list[Process]]:
    """Three processes of control on one database, by policies that plan from acceptance on."""
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(Process(postgres_dsn, PLANNING_POLICIES)) for _ in range(3)]
        for inspector in (INSPECTOR, OTHER):
            described = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.NORTH)
            listed = ListPerson(START, "leader", inspector, described, Reachable())
            await made[0].tell(PERSON, person_stream(inspector), listed)
        yield made


@pytest.fixture
def process(processes: list[Process]) -> Process:
    return processes[0]


async def hold(
    process: Process, agreement: UUID, days: Span = WINDOW, places: int = 3, form: ContactForm = ContactForm.VISIT
) -> UUID:
    meeting = uuid4()
    asked = AskedPlaces(NOW, POLICY, meeting, agreement, form, days, places, "anna", INSPECTOR)

    async def act() -> None:
        intents = await holding(process.runtime, asked)
        await execute(process.store, intents, at=NOW, metadata=Metadata(uuid4(), "anna"))

    await retry_on_conflicts(act)
    return meeting


async def held(process: Process, meeting: UUID) -> State:
    return (await read(process.store, HOLD, meeting)).state


async def books(process: Process, agreement: UUID, meeting: UUID, place: HeldPlace, inspector: str = INSPECTOR) -> None:
    fact = GuidanceMeetingBooked(
        agreement_id=agreement,
        meeting_id=meeting,
        inspector=inspector,
        form=ContactForm.VISIT,
        time=place,
        booked_at=NOW,
    )
    process.runtime.clock = _At(NOW)
    intents = await taking(process.runtime, fact)
    await execute(process.store, intents, at=NOW, metadata=Metadata(uuid4(), "control"))


class _At:
    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


async def controls(process: Process, agreements: list[UUID]) -> list[ControlPlanned]:
    states = [(await read(process.store, COURSE, one)).state for one in agreements]
    return [plan for state in states if isinstance(state, Running) for plan in state.plans.values()]


def shares(one: InCalendar, other: InCalendar) -> bool:
    same_day = (one.inspector, one.day) == (other.inspector, other.day)
    return same_day and (one.slot == other.slot or bool(set(taken_by(one)) & set(taken_by(other))))


@pytest.mark.rule("R18")
async def test_a_hidden_visit_influences_no_time_and_moves_out_of_the_way(process: Process) -> None:
    one_a_day = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.NORTH, visits_per_day=1)
    await process.tell(PERSON, person_stream(INSPECTOR), ListPerson(START, "leader", INSPECTOR, one_a_day, Reachable()))
    agreement = await process.start()
    await process.fire_until(NOW)
    on_hidden_day, rounds = 0, 60
    for _ in range(rounds):
        (before,) = await controls(process, [agreement])
        around = Span(first=before.day - timedelta(days=7), last=before.day + timedelta(days=6))
        meeting = await hold(process, agreement, around)
        places = places_of(await held(process, meeting))
        (after,) = await controls(process, [agreement])
        assert not any(shares(place, after) for place in places)
        if before.day in {place.day for place in places}:
            on_hidden_day += 1
            assert after.cause is PlanCause.GUIDANCE_TIME
        else:
            assert after == before
        await process.tell(HOLD, meeting, ReleasePlaces(NOW, HoldEnd.CANCELLED))
    # Three of ten working days: the hidden day comes up in eighteen of sixty rounds, with a deviation of four.
    assert 4 < on_hidden_day < 36


async def test_places_are_kept_free_until_one_is_taken_and_the_others_are_free_again(process: Process) -> None:
    agreement = await process.start()
    meeting = await hold(process, agreement)
    state = await held(process, meeting)
    assert isinstance(state, Held)
    assert [place.number for place in state.told.places] == [1, 2, 3]
    shown = await visits_between(process.runtime, WINDOW.first, WINDOW.last, POLICY)
    assert [one.kind for one in shown].count(VisitKind.HELD_PLACE) == 3
    await books(process, agreement, meeting, state.told.places[1])
    await books(process, agreement, meeting, state.told.places[1])
    shown = await visits_between(process.runtime, WINDOW.first, WINDOW.last, POLICY)
    (visit,) = [one for one in shown if one.kind is VisitKind.GUIDANCE_MEETING]
    assert (visit.day, visit.stream, visit.announced) == (state.told.places[1].day, agreement, True)
    assert len((await process.store.load(meeting)).events) == 2


async def test_a_meeting_by_phone_takes_less_time_than_one_at_the_company(process: Process) -> None:
    agreement = await process.start()
    minutes = {}
    for form in ContactForm:
        state = await held(process, await hold(process, agreement, form=form))
        assert isinstance(state, Held)
        minutes[form] = {place.duration_minutes for place in state.told.places}
    assert minutes == {ContactForm.VISIT: {180}, ContactForm.PHONE: {60}, ContactForm.VIRTUAL: {60}}


async def test_places_that_nobody_chose_from_expire_and_a_late_choice_still_gets_a_free_one(process: Process) -> None:
    agreement = await process.start()
    meeting = await hold(process, agreement, places=1)
    state = await held(process, meeting)
    assert isinstance(state, Held)
    (place,) = state.told.places
    await process.fire_until(state.told.expires_at)
    assert isinstance(await held(process, meeting), Released)
    assert isinstance((await process.store.load(meeting)).events[-1].event, HeldPlacesReleased)
    await books(process, agreement, meeting, place)
    assert isinstance(await held(process, meeting), Taken)


async def test_a_meeting_whose_place_is_gone_is_said_to_have_none(process: Process) -> None:
    agreement = await process.start()
    meeting = await hold(process, agreement, places=1)
    state = await held(process, meeting)
    assert isinstance(state, Held)
    (place,) = state.told.places
    await process.fire_until(state.told.expires_at)
    day = Span(first=place.day, last=place.day)
    await process.tell(PERSON, person_stream(INSPECTOR), NoteAway(NOW, "leader", uuid4(), day))
    await books(process, agreement, meeting, place)
    lost = (await process.store.load(meeting)).events[-1].event
    assert isinstance(lost, MeetingPlaceLost)
    assert lost.cause is PlanCause.ABSENCE


@pytest.mark.rule("R42")
@pytest.mark.parametrize("chosen", [False, True])
async def test_an_absence_that_is_noted_later_is_said_of_every_promised_time(process: Process, *, chosen: bool) -> None:
    agreement = await process.start()
    meeting = await hold(process, agreement)
    state = await held(process, meeting)
    assert isinstance(state, Held)
    if chosen:
        await books(process, agreement, meeting, state.told.places[0])
    day = state.told.places[0].day
    away = Span(first=day, last=day)
    await process.tell(PERSON, person_stream(INSPECTOR), NoteAway(NOW, "leader", uuid4(), away))
    await process.fire_until(NOW)
    lost = (await process.store.load(meeting)).events[-1].event
    assert isinstance(lost, MeetingPlaceLost)
    assert places_of(await held(process, meeting)) == ()


@pytest.mark.rule("R15")
async def test_a_meeting_moves_to_the_calendar_of_the_next_inspector_at_its_time(process: Process) -> None:
    agreement = await process.start()
    meeting = await hold(process, agreement)
    state = await held(process, meeting)
    assert isinstance(state, Held)
    await books(process, agreement, meeting, state.told.places[2])
    await books(process, agreement, meeting, state.told.places[2], OTHER)
    (place,) = places_of(await held(process, meeting))
    assert (place.inspector, place.day) == (OTHER, state.told.places[2].day)


async def test_several_processes_never_give_one_place_twice(processes: list[Process]) -> None:
    agreements = [await processes[0].start() for _ in range(6)]
    few = Span(first=date(2026, 6, 22), last=date(2026, 6, 24))
    asked = [partial(hold, processes[number % 3], agreement, few, 1) for number, agreement in enumerate(agreements)]
    meetings = await asyncio.gather(*(one() for one in asked))
    places = [place for meeting in meetings for place in places_of(await held(processes[0], meeting))]
    assert len(places) == 6
    assert not [(a, b) for a in places for b in places if a is not b and shares(a, b)]
    with pytest.raises(Refused, match="no place for a meeting is free"):
        await hold(processes[1], await processes[0].start(), few, 1)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (NOW.date(), date(2026, 6, 30), "from tomorrow on"),
        (date(2026, 6, 30), date(2026, 6, 29), "before they begin"),
        (date(2026, 6, 1), date(2026, 9, 1), "at most 92 days"),
    ],
)
async def test_impossible_days_are_refused(process: Process, first: date, last: date, why: str) -> None:
    with pytest.raises(Refused, match=why):
        await hold(process, await process.start(), Span(first=first, last=last))


@pytest.mark.rule("R18")
async def test_a_hidden_visit_after_its_window_influences_no_time_either(process: Process) -> None:
    agreement = await process.start()
    await process.fire_until(NOW)
    late = date(2026, 9, 9)
    told = ChosenDay(day=late, form=ContactForm.VISIT, announced=False, late_reason="illness")
    place = FreePlace(1, VisitHours(begins=time(8), duration_minutes=180))
    await process.tell(COURSE, agreement, BookControl(NOW, POLICY, agreement, uuid4(), place, told))
    around = Span(first=date(2026, 9, 7), last=date(2026, 9, 10))
    on_hidden_day = 0
    for _ in range(20):
        meeting = await hold(process, agreement, around, 2)
        on_hidden_day += late in {one.day for one in places_of(await held(process, meeting))}
    assert on_hidden_day > 2, "two of four days: ten of twenty, with a deviation of two"
    state = (await read(process.store, COURSE, agreement)).state
    assert isinstance(state, Running)
    assert (state.bookings[agreement].day, state.bookings[agreement].late_reason) == (late, "illness")


async def test_an_agreement_has_one_meeting_at_a_time(process: Process) -> None:
    agreement = await process.start()
    first = await hold(process, agreement)
    second = await hold(process, agreement)
    assert isinstance(await held(process, first), Released)
    assert isinstance((await process.store.load(first)).events[-1].event, MeetingPlaceLost)
    state = await held(process, second)
    assert isinstance(state, Held)
    await books(process, agreement, second, state.told.places[0])
    with pytest.raises(Refused, match="a meeting is booked"):
        await hold(process, agreement)


async def test_no_stream_of_something_else_becomes_a_meeting(process: Process) -> None:
    agreement, other = await process.start(), await process.start()
    asked = AskedPlaces(NOW, POLICY, other, agreement, ContactForm.VISIT, WINDOW, 1, "anna", INSPECTOR)
    with pytest.raises(Refused, match="is not the id of a meeting"):
        await holding(process.runtime, asked)
    moved = AskedPlaces(NOW, POLICY, uuid4(), agreement, ContactForm.VISIT, WINDOW, 1, "anna", OTHER)
    with pytest.raises(Refused, match="another inspector is responsible"):
        await holding(process.runtime, moved)
