"""What hangs on a calendar that changes is planned again at once; as little as possible moves (R15, R17, R18, R42)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.control.lookups.found_places import found_places
from services.control.people.rules.absences import NoteAway, WithdrawAway
from services.control.people.rules.centre_holidays import CENTRE, SetHolidays, centre_stream
from services.control.people.rules.listing import ListPerson, NoteLeaving
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.people.rules.phases import Listed
from services.control.planning.rules.calendar import FreePlace
from services.control.planning.rules.half_hours import Booking
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.planned_places import PlanControl, PlanPlaces
from shared.contracts.control import ChosenDay, ControlBooked, ControlPlanned, PlaceNotFound
from shared.contracts.people import CentreVisitsReplanned, VisitsReplanned
from shared.contracts.vocabulary import (
    Centre,
    ContactForm,
    MakesRoom,
    PersonDescription,
    PersonRole,
    PlanCause,
    Reachable,
    Span,
    VisitHours,
    WorkingHours,
)
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.errors import StaleVersion
from shared.eventstore.events import Event, Metadata
from tests.integration.services.booking_at_once import START, Process, overlaps
from tests.unit.control.control_facts import INSPECTOR, at
from tests.unit.control.planning_policy import PLANNING_POLICIES

NOW = START + timedelta(hours=1)
LATER = at("2026-06-12")
"""After the controls were booked, before the deadline of 22 June."""
WINDOW = Span(first=date(2026, 6, 23), last=date(2026, 8, 21))
DESCRIBED = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.NORTH)


@pytest.fixture
async def processes(postgres_dsn: str) -> AsyncIterator[list[Process]]:
    """Three processes of control on one database, by policies that plan from acceptance on."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Process(postgres_dsn, PLANNING_POLICIES)) for _ in range(3)]


@pytest.fixture
async def process(processes: list[Process]) -> Process:
    await described(processes[0])
    return processes[0]


async def described(process: Process, inspector: str = INSPECTOR, *, when: datetime = START, **changes: Any) -> None:
    told = DESCRIBED.model_copy(update=changes)
    await process.tell(PERSON, person_stream(inspector), ListPerson(when, "leader", inspector, told, Reachable()))


async def away(process: Process, first: date, last: date, when: datetime, inspector: str = INSPECTOR) -> UUID | None:
    """The absence; None if the same days were known already."""
    absence = uuid4()
    note = NoteAway(when, "leader", absence, Span(first=first, last=last))
    return absence if await process.tell(PERSON, person_stream(inspector), note) else None


async def course(process: Process, agreement: UUID) -> Running:
    state = (await read(process.store, COURSE, agreement)).state
    assert isinstance(state, Running)
    return state


def visits_in(state: Running) -> list[Booking]:
    visits: list[Booking] = list(state.plans.values())
    return visits + list(state.bookings.values())


async def visit(process: Process, agreement: UUID) -> Booking:
    state = await course(process, agreement)
    (found,) = visits_in(state)
    return found


async def facts(process: Process, stream: UUID) -> list[Event]:
    return [recorded.event for recorded in (await process.store.load(stream)).events]


async def planned(process: Process, count: int = 1) -> list[UUID]:
    agreements = [await process.start() for _ in range(count)]
    await process.fire_until(NOW)
    return agreements


async def announced(process: Process, agreement: UUID, day: date) -> ControlBooked:
    """A day that an inspector chose, and told the company."""
    told = ChosenDay(day=day, form=ContactForm.VISIT, announced=True)
    place = FreePlace(1, VisitHours(begins=time(8), duration_minutes=180))
    command = BookControl(NOW, PLANNING_POLICIES.at(NOW), agreement, uuid4(), place, told)
    (booked,) = await process.tell(COURSE, agreement, command)
    assert isinstance(booked, ControlBooked)
    return booked


@pytest.mark.rule("R17", "R18", "R42")
async def test_a_plan_inside_an_absence_is_drawn_anew_and_what_fits_stays(process: Process) -> None:
    agreements = await planned(process, 12)
    before = {one: await visit(process, one) for one in agreements}
    gone = before[agreements[0]].day
    await away(process, gone, gone, NOW)
    await process.fire_until(NOW)
    for agreement, former in before.items():
        present = await visit(process, agreement)
        assert isinstance(present, ControlPlanned)
        if former.day == gone:
            assert present.day != gone
            assert WINDOW.first <= present.day <= WINDOW.last
            assert present.cause is PlanCause.ABSENCE
        else:
            assert present == former
    (looked,) = [one for one in await facts(process, person_stream(INSPECTOR)) if isinstance(one, VisitsReplanned)][-1:]
    assert looked.moved == sum(one.day == gone for one in before.values())
    assert looked.not_found == 0


@pytest.mark.rule("R17", "R18", "R42")
async def test_a_hidden_booking_moves_too_and_says_why(process: Process) -> None:
    (agreement,) = await planned(process)
    await process.fire_until(LATER)
    booked = await visit(process, agreement)
    assert isinstance(booked, ControlBooked)
    await process.tell(CENTRE, centre_stream(Centre.NORTH), SetHolidays(LATER, "leader", Centre.NORTH, (booked.day,)))
    await process.fire_until(LATER)
    moved = await visit(process, agreement)
    assert isinstance(moved, ControlBooked)
    assert (moved.cause, moved.replaces, moved.announced) == (PlanCause.HOLIDAY, booked.control_id, False)
    assert moved.day != booked.day
    assert not moved.seen_by_company()
    assert [type(one).__name__ for one in await facts(process, agreement)][-1] == "ControlBooked", "nobody is told"
    looked = (await facts(process, centre_stream(Centre.NORTH)))[-1]
    assert isinstance(looked, CentreVisitsReplanned)
    assert (looked.moved, looked.not_found) == (1, 0)


@pytest.mark.rule("R18", "R42")
async def test_an_announced_day_moves_only_if_it_must_and_then_the_company_is_told(process: Process) -> None:
    (agreement,) = await planned(process)
    booked = await announced(process, agreement, date(2026, 7, 1))
    await away(process, date(2026, 7, 2), date(2026, 7, 3), NOW)
    await process.fire_until(NOW)
    assert await visit(process, agreement) == booked, "the absence is on other days"
    await away(process, date(2026, 7, 1), date(2026, 7, 1), NOW)
    await process.fire_until(NOW)
    *_, cancelled, moved = await facts(process, agreement)
    assert (type(cancelled).__name__, cancelled.model_dump()["control_id"]) == (
        "AnnouncedControlCancelled",
        booked.control_id,
    )
    assert isinstance(moved, ControlBooked)
    assert (moved.announced, moved.cause) == (True, PlanCause.ABSENCE)
    assert cancelled.seen_by_company()
    assert moved.seen_by_company()


@pytest.mark.rule("R15", "R17", "R42")
async def test_where_only_a_colleague_could_take_over_nothing_moves_and_it_is_a_fact(process: Process) -> None:
    """Somebody makes room by coming back: then the visit can stay where it is, and that is a fact, too."""
    (agreement,) = await planned(process)
    plan = await visit(process, agreement)
    absence = await away(process, WINDOW.first, WINDOW.last, NOW)
    await process.fire_until(NOW)
    missing = (await facts(process, agreement))[-1]
    assert isinstance(missing, PlaceNotFound)
    assert missing.cause is PlanCause.ABSENCE
    assert missing.would_make_room == (MakesRoom.ABSENCE_WITHDRAWN, MakesRoom.COLLEAGUE, MakesRoom.LATER_DAY)
    assert await visit(process, agreement) == plan, "its place is kept meanwhile"
    count = len(await facts(process, agreement))
    await described(process, visits_per_day=1)
    await process.fire_until(NOW)
    assert len(await facts(process, agreement)) == count, "that there is still none is not said again at once"
    assert absence is not None
    await process.tell(PERSON, person_stream(INSPECTOR), WithdrawAway(NOW, "leader", absence))
    await process.fire_until(NOW)
    assert [type(one).__name__ for one in (await facts(process, agreement))[count:]] == ["PlaceFitsAgain"]
    assert await visit(process, agreement) == plan


@pytest.mark.rule("R15", "R17", "R42")
async def test_the_plans_of_somebody_who_leaves_move_before_the_last_day_or_wait_for_a_colleague(
    process: Process,
) -> None:
    agreements = await planned(process, 6)
    last_day = date(2026, 6, 26)
    await process.tell(PERSON, person_stream(INSPECTOR), NoteLeaving(NOW, "leader", last_day))
    await process.fire_until(NOW)
    visits = [await visit(process, one) for one in agreements]
    waiting = [one for one in agreements if (await course(process, one)).not_found]
    assert all(one.day <= last_day for one in visits if one.agreement_id not in waiting)
    for agreement in waiting:
        state = await course(process, agreement)
        assert state.not_found[agreement].cause is PlanCause.INSPECTOR_LEFT
    assert overlaps(visits) == []


@pytest.mark.rule("R17", "R42")
async def test_fewer_working_hours_and_visits_a_day_move_what_has_no_room_any_more(process: Process) -> None:
    agreements = await planned(process, 20)
    mondays = (WorkingHours(weekday=1, begins=time(8), ends=time(16)),)
    await described(process, working_pattern=mondays, visits_per_day=2)
    await process.fire_until(NOW)
    states = [await course(process, one) for one in agreements]
    fits = [one for one in states if not one.not_found]
    visits = [plan for one in fits for plan in one.plans.values()]
    assert {plan.day.weekday() for plan in visits} == {0}
    assert len(visits) == 16, "eight Mondays with two visits each"
    assert overlaps(visits) == []
    assert {plan.cause for plan in visits} <= {PlanCause.ACCEPTED, PlanCause.WORKING_TIME}


@pytest.mark.rule("R17", "R42")
async def test_a_crash_between_two_courses_goes_on_where_it_stopped(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreements = await planned(process, 8)
    await away(process, WINDOW.first, date(2026, 7, 31), NOW)
    append, left = process.store.append, 3

    async def append_some(change: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError("the process was killed")
        return await append(change)

    monkeypatch.setattr(process.store, "append", append_some)
    await process.fire_until(NOW)
    moved = [one for one in agreements if (await visit(process, one)).day > date(2026, 7, 31)]
    assert 0 < len(moved) < len(agreements)
    monkeypatch.undo()
    once = {one: await visit(process, one) for one in moved}
    async with asyncio.timeout(30):
        while not any(isinstance(one, VisitsReplanned) for one in await facts(process, person_stream(INSPECTOR))):
            await process.fire_until(NOW)
            await asyncio.sleep(0.05)
    assert all([(await visit(process, one)).day > date(2026, 7, 31) for one in agreements])
    assert {one: await visit(process, one) for one in moved} == once, "what was moved before moves no more"


@pytest.mark.rule("R17", "R42")
@pytest.mark.parametrize("seed", range(4))
async def test_no_half_hour_is_given_twice_while_processes_plan_book_and_plan_again(
    processes: list[Process], seed: int
) -> None:
    """Three processes fire timers while courses begin, people go away and come back, and two colleagues work."""
    chance = Random(seed)
    people = (INSPECTOR, "inspector-2")
    for person in people:
        await described(processes[0], person)
    agreements: list[UUID] = []
    absences: list[tuple[str, UUID]] = []

    async def act(process: Process) -> None:
        person = chance.choice(people)
        match chance.randrange(4):
            case 0 | 1:
                agreements.append(await process.start(person))
            case 2:
                first = WINDOW.first + timedelta(days=chance.randrange(50))
                absence = await away(process, first, first + timedelta(days=4), NOW, person)
                absences.extend([(person, absence)] if absence else [])
            case 3 if absences:
                gone, known = absences.pop()
                await process.tell(PERSON, person_stream(gone), WithdrawAway(NOW, "leader", known))
            case _:
                pass

    for _ in range(6):
        when = chance.choice((NOW, LATER))
        acts = [act(process) for process in processes for _ in range(4)]
        await asyncio.gather(*acts, *(process.fire_until(when) for process in processes))
        visits = await _visits(processes[0], agreements)
        assert overlaps(visits) == []
    for process in processes:
        await process.fire_until(LATER)
    states = [await course(processes[0], one) for one in agreements]
    assert all(one.bookings or one.plans or one.not_found for one in states), "no visit was lost"
    for person in people:
        directory = (await read(processes[0].store, PERSON, person_stream(person))).state
        assert isinstance(directory, Listed)
        fits = [one for one in states if not one.not_found and one.inspector == person]
        days = {visit.day for one in fits for visit in visits_in(one)}
        assert not [day for day in days for gone in directory.absences.values() if gone.first <= day <= gone.last]


async def _visits(process: Process, agreements: Sequence[UUID]) -> list[Booking]:
    states = [await course(process, one) for one in agreements]
    return [one for state in states for one in visits_in(state)]


@pytest.mark.rule("R17", "R42")
async def test_an_absence_that_is_noted_between_look_and_booking_is_not_overlooked(process: Process) -> None:
    agreement = await process.start()
    standing = await read(process.store, COURSE, agreement)
    assert isinstance(standing.state, Running)
    found = await found_places(process.runtime, standing.state, [agreement], NOW, PLANNING_POLICIES.at(NOW))
    (plan,) = found
    assert isinstance(plan, PlanControl)
    await away(process, plan.day, plan.day, NOW)
    late = Intent(COURSE, agreement, PlanPlaces(PLANNING_POLICIES.at(NOW), found), expected=standing.version)
    with pytest.raises(StaleVersion):
        await execute(process.store, [late], at=NOW, metadata=Metadata(uuid4(), "control"))
    await process.fire_until(NOW)
    assert (await visit(process, agreement)).day != plan.day


@pytest.mark.rule("R17", "R42")
async def test_absences_and_bookings_at_the_same_moment_leave_no_visit_in_an_absence(processes: list[Process]) -> None:
    await described(processes[0])
    agreements = [await processes[0].start() for _ in range(12)]
    days = [WINDOW.first + timedelta(days=number) for number in range(0, 28, 2)]
    planning = [one.fire_until(NOW) for one in processes]
    noting = [away(processes[number % 3], day, day, NOW) for number, day in enumerate(days)]
    await asyncio.gather(*planning, *noting)
    await processes[0].fire_until(NOW)
    found = [await visit(processes[0], agreement) for agreement in agreements]
    assert [one.day for one in found if one.day in days] == []
