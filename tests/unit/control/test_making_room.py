"""Hidden visits move inside of their windows, so that another control has a place in its own (R17, R18)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from benchmarks.planning.count import double_bookings
from benchmarks.planning.one_process import Control
from benchmarks.planning.play import accepted_offer, working_pattern
from benchmarks.planning.world import Colleague
from services.control.lookups.daily_looks import bring_back
from services.control.lookups.drawn_bookings import free_bookings
from services.control.lookups.making_room import with_room_for_bookings, with_room_in_window
from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.rules.moving_others import MovableVisit, moves_for
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE, BookWhenDue
from services.control.rules.phases import Running
from services.control.rules.start_of_agreement import StartCourse
from shared.contracts.control import ChosenDay, ControlBooked, ControlPlanned, PlaceNotFound
from shared.contracts.vocabulary import Centre, ContactForm, PersonDescription, PersonRole, PlanCause, Reachable
from shared.eventstore.commands import Intent
from shared.eventstore.timers import Together
from shared.people.directory import Directory
from shared.policy.policies import Policies
from tests.public_form import public
from tests.unit.control.control_facts import at
from tests.unit.control.planning_policy import PLANNING_POLICIES

pytestmark = pytest.mark.rule("R17", "R18")
ANNA, ACCEPTED, MONDAY = "inspector-anna", at("2026-03-20"), date(2026, 6, 22)
MONDAYS_ONLY = Colleague(ANNA, Centre.EAST, (1, 0, 0, 0, 0))


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def policies(makes_room: bool) -> Policies:
    changed = {"makes_room": makes_room, "plans_from_acceptance": True}
    return replace(
        PLANNING_POLICIES,
        by_effective_date=tuple(
            one.model_copy(update={"planning": one.planning.model_copy(update=changed)})
            for one in PLANNING_POLICIES.by_effective_date
        ),
    )


class Calendar:
    """Anna's calendar, which has room for one visit on each Monday."""

    def __init__(self, makes_room: bool = True) -> None:
        self.control = Control(ACCEPTED, policies(makes_room), Directory({}), Random(3))
        self.policy = self.control.runtime.policies.at(ACCEPTED)

    async def begin(self) -> "Calendar":
        told = PersonDescription(
            roles=(PersonRole.INSPECTOR,), centre=Centre.EAST, working_pattern=working_pattern(MONDAYS_ONLY)
        )
        await self.control.run(
            Intent(PERSON, person_stream(ANNA), ListPerson(ACCEPTED, "leader", ANNA, told, Reachable()))
        )
        return self

    async def accept(self, number: int, months: int) -> list[UUID]:
        """Accepts agreements one after the other; each is planned at once. The window begins after so many months."""
        streams = [uuid4() for _ in range(number)]
        for stream in streams:
            fact = public(accepted_offer(stream, ANNA, months, ACCEPTED))
            await self.control.run(Intent(COURSE, stream, StartCourse(at=ACCEPTED, policy=self.policy, fact=fact)))
            await self.control.fire_until(ACCEPTED)
        return streams

    async def announce(self, stream: UUID) -> date:
        """Books the planned day, and tells the company."""
        (plan,) = (await self.course(stream)).plans.values()
        calendar = await calendar_of(self.control.runtime, ANNA, self.policy)
        calendar.give_up(plan)
        told = ChosenDay(day=plan.day, form=ContactForm.VISIT, announced=True)
        command = BookControl(ACCEPTED, self.policy, stream, uuid4(), calendar.place_on(plan.day), told)
        await self.control.run(Intent(COURSE, stream, command))
        return plan.day

    async def course(self, stream: UUID) -> Running:
        state = await self.control.state_of(COURSE, stream)
        assert isinstance(state, Running)
        return state

    def facts(self, kind: type[Any]) -> list[Any]:
        appended = self.control.store.appended
        return [fact for written in appended for _, facts in written for fact in facts if isinstance(fact, kind)]


async def in_window(calendar: Calendar, streams: Sequence[UUID]) -> list[UUID]:
    courses = [await calendar.course(stream) for stream in streams]
    return [
        stream
        for stream, course in zip(streams, courses, strict=True)
        for one in course.plans.values()
        if not course.window(one.place_id).is_over_on(one.day)
    ]


async def test_visits_with_later_windows_move_out_of_the_way_in_the_same_append() -> None:
    """Four windows begin a month later: where they took Mondays of the earlier ones, these could have none."""
    calendar = await Calendar().begin()
    later, earlier = await calendar.accept(4, months=4), await calendar.accept(8, months=3)
    assert await in_window(calendar, [*later, *earlier]) == [*later, *earlier]
    assert calendar.facts(PlaceNotFound) == []
    moved = [one for one in calendar.facts(ControlPlanned) if one.cause is PlanCause.MADE_ROOM]
    assert moved
    assert all(one.replaces is not None for one in moved)
    together = [written for written in calendar.control.store.appended if len(written) > 1]
    assert len(together) >= 1
    assert double_bookings(calendar.control.store.appended) == 0


async def test_nothing_moves_where_the_policy_has_each_visit_placed_alone() -> None:
    calendar = await Calendar(makes_room=False).begin()
    await calendar.accept(4, months=4)
    await calendar.accept(8, months=3)
    assert calendar.facts(PlaceNotFound)
    assert [one for one in calendar.facts(ControlPlanned) if one.cause is PlanCause.MADE_ROOM] == []


async def test_what_is_impossible_stays_so_and_moves_nobody() -> None:
    calendar = await Calendar().begin()
    everybody = [*await calendar.accept(4, months=4), *await calendar.accept(8, months=3)]
    days = [(await calendar.course(stream)).plans for stream in everybody]
    (one_more,) = await calendar.accept(1, months=3)
    assert one_more in {fact.agreement_id for fact in calendar.facts(PlaceNotFound)}
    assert [(await calendar.course(stream)).plans for stream in everybody] == days


async def test_a_day_that_a_company_was_told_never_moves() -> None:
    calendar = await Calendar().begin()
    later = await calendar.accept(4, months=4)
    announced = {stream: await calendar.announce(stream) for stream in later}
    await calendar.accept(8, months=3)
    for stream, told in announced.items():
        (booking,) = (await calendar.course(stream)).bookings.values()
        assert (booking.day, booking.announced) == (told, True)
    assert calendar.facts(PlaceNotFound)


async def test_a_booking_that_was_to_be_late_gets_a_day_in_its_window() -> None:
    """Nothing moved when it was planned; when it is booked, others make room."""
    calendar = await Calendar(makes_room=False).begin()
    await calendar.accept(4, months=4)
    earlier = await calendar.accept(8, months=3)
    lacking = {fact.agreement_id for fact in calendar.facts(PlaceNotFound)} & set(earlier)
    stream = min(lacking)
    course = await calendar.course(stream)
    runtime, due = calendar.control.runtime, course.books_control_at
    policy = policies(True).at(due)
    (late,) = await free_bookings(runtime, course, due, policy)
    assert late.told.late_reason == "calendar-full"
    found = await with_room_for_bookings(runtime, course, BookWhenDue(policy, (late,)), due)
    assert isinstance(found, Together)
    calendar.control.clock.instant = due
    await calendar.control.run(Intent(COURSE, stream, found.command), *found.others)
    (booking,) = (await calendar.course(stream)).bookings.values()
    assert isinstance(booking, ControlBooked)
    assert booking.late_reason is None
    assert not booking.window.is_over_on(booking.day)
    assert double_bookings(calendar.control.store.appended) == 0


async def test_a_control_that_was_booked_late_comes_back_into_its_window_once_there_is_room() -> None:
    """R17: each was placed alone, and the booking is late. The next day its window is looked through with room made."""
    calendar = await Calendar(makes_room=False).begin()
    await calendar.accept(4, months=4)
    earlier = await calendar.accept(8, months=3)
    stream = min({fact.agreement_id for fact in calendar.facts(PlaceNotFound)} & set(earlier))
    runtime, due = calendar.control.runtime, (await calendar.course(stream)).books_control_at
    await calendar.control.fire_until(due)
    late = (await calendar.course(stream)).bookings[stream]
    assert late.late_reason == "calendar-full"
    courses = {stream: await calendar.course(stream)}
    assert await bring_back(runtime, courses, due) == 0, "the policy has each visit placed alone"
    runtime.policies = policies(True)
    assert await bring_back(runtime, courses, due) == 1
    back = (await calendar.course(stream)).bookings[stream]
    assert (back.late_reason, back.cause, back.replaces) == (None, PlanCause.ROOM_CAME_FREE, late.control_id)
    assert not back.window.is_over_on(back.day)
    assert double_bookings(calendar.control.store.appended) == 0
    assert await bring_back(runtime, {stream: await calendar.course(stream)}, due) == 0


async def test_a_late_day_that_a_company_was_told_of_or_that_a_person_chose_stays() -> None:
    calendar = await Calendar(makes_room=False).begin()
    await calendar.accept(4, months=4)
    earlier = await calendar.accept(8, months=3)
    stream = min({fact.agreement_id for fact in calendar.facts(PlaceNotFound)} & set(earlier))
    due = (await calendar.course(stream)).books_control_at
    await calendar.control.fire_until(due)
    course, policy = await calendar.course(stream), policies(True).at(due)
    late = course.bookings[stream]
    for stays in ({"announced": True}, {"drawn": None}):
        kept = replace(course, bookings={stream: late.model_copy(update=stays)})
        assert await with_room_in_window(calendar.control.runtime, kept, due, policy) is None
    assert await with_room_in_window(calendar.control.runtime, course, due, policy) is not None


def test_as_few_move_as_possible_and_only_to_days_with_room() -> None:
    room = {day(0): 1, day(1): 1, day(2): 1}
    one = MovableVisit(UUID(int=1), day(0), (day(1), day(2)))
    other = MovableVisit(UUID(int=2), day(1), (day(2),))
    assert moves_for(room, ANNA, [one, other], room) == {
        day(0): {one.visit_id: day(2)},
        day(1): {other.visit_id: day(2)},
        day(2): {},
    }
    fixed = MovableVisit(UUID(int=1), day(0), (day(1),))
    assert moves_for([day(0)], ANNA, [fixed, other], room) == {day(0): {fixed.visit_id: day(1), other.visit_id: day(2)}}
    assert moves_for([day(0)], ANNA, [fixed], {day(0): 1}) == {day(0): None}
