"""Plays what happens in the world through the control service: its lookups find places, its deciders record facts."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from heapq import heappop, heappush
from random import Random
from uuid import UUID, uuid4

from benchmarks.planning.one_process import Control, Written
from benchmarks.planning.world import Absence, Colleague, Rates, Story, World
from services.control.lookups.changing_inspector import change_of_inspector
from services.control.people.rules.absences import NoteAway
from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.lookups.looks_at_windows import begin_looks
from services.control.planning.lookups.working_times import working_time_of
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE, Command
from services.control.rules.documentation import ReceiveDocumentation
from services.control.rules.extension import GrantExtension, RequestExtension
from services.control.rules.phases import Running
from services.control.rules.start_of_agreement import StartCourse
from services.control.rules.termination import NoteCarriedOver, Terminate
from services.control.rules.unit_changes import NoteUnitChange
from shared.contracts.control import (
    ChosenDay,
    ControlBooked,
    DocumentationPart,
    ExtensionWish,
    TerminationGrounds,
)
from shared.contracts.offers import Accepted, UnitChangeNoted
from shared.contracts.vocabulary import (
    AgreementKind,
    NextInspector,
    PersonDescription,
    PersonRole,
    Reachable,
    Side,
    Span,
    WorkingHours,
)
from shared.deadlines.copenhagen import COPENHAGEN, end_of, local_day, start_of
from shared.deadlines.deadlines import is_working_day, next_working_day
from shared.eventstore.commands import Intent
from shared.eventstore.errors import Refused
from shared.people.directory import Directory, Inspector
from shared.policy.policies import Policies, load_policies
from shared.policy.policy import Policy
from shared.service import Runtime
from tests.public_form import public
from tests.unit.control.control_facts import CVR, NOISE, UNIT, complete, turn

Act = Callable[[], Awaitable[None]]
_HOURS = {1: time(11), 2: time(14)}
"""When somebody who has room for so many visits on a day ends work; each takes three hours from 08:00 on."""
_LOOK = "centre:look-through-windows"
_MONTH = timedelta(days=30)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """A visit that was held, as its course stood at that moment."""

    stream: UUID
    place_id: UUID
    inspector: str
    day: date
    counted_from: date
    last_day: date
    decided: bool
    """R21: False if it was turned into guidance."""

    @property
    def in_window(self) -> bool:
        """R17: returns whether it was held in its window."""
        return self.day <= self.last_day


@dataclass
class Played:
    """What is counted of a year."""

    appended: Sequence[Written]
    """The facts of control, append by append."""
    held: list[Held] = field(default_factory=list)
    rescued: int = 0
    """Visits for which an inspector chose a later day by hand, because the booked one could not be held."""
    room: dict[str, int] = field(default_factory=dict)
    """By person, the visits that the counted year had room for."""


def policies_of(world: World, rates: Rates) -> Policies:
    """Returns the policies in force with what the file of rates changes; windows are looked through from a day on."""
    *earlier, latest = load_policies().by_effective_date
    quiet = latest.planning.model_copy(
        update={
            "looks_at_windows": False,
            "plans_from_acceptance": True,
            "makes_room": rates["policy"]["makes_room"],
            "futures": rates["policy"]["futures"],
        }
    )
    looks_from = world.year.first - timedelta(days=rates["policy"]["looks_from_days"])
    looking = latest.model_copy(
        update={
            "version": f"{looks_from}-looks",
            "effective_from": looks_from,
            "planning": quiet.model_copy(update={"looks_at_windows": True}),
        }
    )
    return Policies((*earlier, latest.model_copy(update={"planning": quiet}), looking))


class Player:
    """Plays one year. Acts of one moment run in the order in which they were planned."""

    def __init__(self, world: World, rates: Rates, progress: Callable[[date, int], None]) -> None:
        self._world, self._rates, self._progress = world, rates, progress
        self._first = min(story.accepted_on for story in world.stories)
        people = {
            one.person_id: Inspector(id=one.person_id, name=one.person_id, centre=one.centre) for one in world.people
        }
        policies = policies_of(world, rates)
        # Without a seed: the days that the system draws are others in each run.
        self._control = Control(start_of(self._first), policies, Directory(people), Random())
        self._played = Played(self._control.store.appended)
        self._acts: list[tuple[datetime, int, Act]] = []
        self._planned = 0
        self._seen = 0
        self._visits: defaultdict[date, set[UUID]] = defaultdict(set)
        self._stories = {story.agreement_id: story for story in world.stories}
        self._converted = set[UUID]()
        self._announced = set[UUID]()

    async def play(self) -> Played:
        """Plays everything until the visits of the counted year are held."""
        await self._list_people()
        for absence in self._world.absences:
            self._plan(absence.known_on, time(7), partial(self._note_absence, absence))
        for story in self._world.stories:
            self._plan(story.accepted_on, time(9), partial(self._accept, story))
        day, last = self._first, self._world.year.last
        while day <= last or await self._is_awaited(last):
            await self._play_day(day)
            self._progress(day, len(self._played.held))
            day += _ONE_DAY
        await self._count_room()
        return self._played

    async def _is_awaited(self, last: date) -> bool:
        """Returns whether a visit is still to be held whose window ended by this day."""
        for stream in self._stories:
            course = await self._running(stream)
            if course is not None and any(course.window(place).last_day <= last for place in course.awaited):
                return True
        return False

    async def _play_day(self, day: date) -> None:
        self._plan(day, time(12), lambda: self._hold_visits(day))
        # No look tells anything more once all counted windows have ended.
        without = _LOOK if day > self._world.year.last else None
        while self._acts and self._acts[0][0] < end_of(day):
            at, _, act = heappop(self._acts)
            await self._control.fire_until(at, without)
            await act()
            await self._control.fire_until(at, without)
            self._follow()
        await self._control.fire_until(end_of(day) - timedelta(microseconds=1), without)
        self._follow()

    def _plan(self, day: date, moment: time, act: Act) -> None:
        self._planned += 1
        heappush(self._acts, (datetime.combine(day, moment, COPENHAGEN), self._planned, act))

    def _follow(self) -> None:
        """Notes on which days visits are booked, and plans to announce some of them."""
        appended = self._control.store.appended
        for written in appended[self._seen :]:
            for stream, facts in written:
                for fact in facts:
                    if isinstance(fact, ControlBooked):
                        self._visits[fact.day].add(stream)
                        self._plan_announcement(stream)
        self._seen = len(appended)

    def _plan_announcement(self, stream: UUID) -> None:
        story = self._stories.get(stream)
        if story is not None and story.is_announced and stream not in self._announced:
            self._announced.add(stream)
            self._plan(self._today + _ONE_DAY, time(14), lambda: self._announce(stream))

    async def _list_people(self) -> None:
        for one in self._world.people:
            told = PersonDescription(
                roles=(PersonRole.INSPECTOR,), centre=one.centre, working_pattern=working_pattern(one), visits_per_day=2
            )
            command = ListPerson(self._now, "benchmark", one.person_id, told, Reachable())
            await self._control.run(Intent(PERSON, person_stream(one.person_id), command))

    async def _note_absence(self, absence: Absence) -> None:
        command = NoteAway(self._now, "benchmark", uuid4(), absence.span)
        await self._control.run(Intent(PERSON, person_stream(absence.person_id), command))

    async def _accept(self, story: Story) -> None:
        accepted = accepted_offer(story.agreement_id, story.inspector, story.months, self._now)
        start = StartCourse(at=self._now, policy=self._policy, fact=public(accepted))
        looks = begin_looks(self._now, self._policy)
        await self._control.run(Intent(COURSE, story.agreement_id, start), *looks)
        course = await self._running(story.agreement_id)
        assert course is not None, "an agreement that was accepted runs"
        self._plan_changes(story, course.deadline.last_day)

    def _plan_changes(self, story: Story, deadline: date) -> None:
        period, stream = (deadline - story.accepted_on).days, story.agreement_id
        extension = self._rates["changes"]["extension_days"] if story.is_extended else 0
        asked = deadline - timedelta(days=self._rates["changes"]["extended_before_days"])
        if story.is_extended:
            self._plan(asked, time(13), lambda: self._extend(stream, deadline + timedelta(days=extension)))
        if story.documented_days is not None:
            done = deadline + timedelta(days=extension + story.documented_days)
            # Who is done needs no longer deadline: who gets one is done after it was granted.
            done = max(done, asked + _ONE_DAY) if story.is_extended else max(done, story.accepted_on + _MONTH)
            self._plan(done, time(10), lambda: self._document(stream))
        if story.successor is not None:
            day = story.accepted_on + timedelta(days=int(period * story.handed_over_at))
            self._plan(day, time(11), lambda: self._hand_over(stream, story))
        if story.changes_owner_at is not None:
            day = story.accepted_on + timedelta(days=int(period * story.changes_owner_at))
            self._plan(day, time(10), lambda: self._change_owner(story))

    async def _document(self, stream: UUID) -> None:
        part = DocumentationPart(complete=True, places=(), text="Done.", files=())
        command = ReceiveDocumentation(self._now, self._policy, "company", part, (), frozenset(), {})
        await self._give(stream, command)

    async def _extend(self, stream: UUID, until: date) -> None:
        if await self._running(stream) is None:
            return
        wish = ExtensionWish(until=until, reasons="The lift is late.")
        await self._give(stream, RequestExtension(self._now, self._policy, uuid4(), "company", wish))
        await self._give(
            stream, GrantExtension(self._now, self._policy, uuid4(), "benchmark", True, until, "It is on its way.")
        )

    async def _hand_over(self, stream: UUID, story: Story) -> None:
        course = await self._running(stream)
        if course is None or story.successor is None or story.successor == course.inspector:
            return
        told = NextInspector(inspector=story.successor, reason="Other work.")
        command = await change_of_inspector(
            self._control.runtime, course, told, by="benchmark", at=self._now, policy=self._policy
        )
        await self._give(stream, command)

    async def _change_owner(self, story: Story) -> None:
        if await self._running(story.agreement_id) is None:
            return
        changed = UnitChangeNoted(
            agreement_id=story.agreement_id, p_number=UNIT, holds_from=self._today, noted_at=self._now, cvr="24256790"
        )
        await self._give(story.agreement_id, NoteUnitChange(self._now, changed))
        settled = next_working_day(
            self._today + timedelta(days=self._rates["changes"]["settled_after_days"]), self._policy
        )
        self._plan(settled, time(10), lambda: self._settle_change(story))

    async def _settle_change(self, story: Story) -> None:
        """R40: the new owner carries the agreement on in a case of its own, or the agreement ends."""
        course = await self._running(story.agreement_id)
        if course is None:
            return
        if story.carried_over_as is None:
            grounds = TerminationGrounds(reason="changed-owner", grounds="The unit has a new owner.")
            await self._give(story.agreement_id, Terminate(self._now, Side.AUTHORITY, "benchmark", grounds))
            return
        stream = story.carried_over_as
        accepted = accepted_offer(stream, course.inspector, story.months, self._now, carries_over=story.agreement_id)
        start = StartCourse(at=self._now, policy=self._policy, fact=public(accepted), carried=course)
        ended = NoteCarriedOver(self._now, stream)
        await self._control.run(Intent(COURSE, stream, start), Intent(COURSE, story.agreement_id, ended))
        self._stories[stream] = replace(story, agreement_id=stream)

    async def _announce(self, stream: UUID) -> None:
        """R18: the inspector tells the company of the day that was drawn."""
        course = await self._running(stream)
        if course is None:
            return
        for place, booking in course.bookings.items():
            if booking.day > self._today and not booking.announced:
                await self._book(course, place, booking.day, booking, announced=True)

    async def _hold_visits(self, day: date) -> None:
        for stream in sorted(self._visits.pop(day, ())):
            course = await self._running(stream)
            if course is None:
                continue
            for place, booking in course.bookings.items():
                if booking.day == day and not course.changed_units:
                    await self._hold(course, place, booking)

    async def _hold(self, course: Running, place: UUID, booking: ControlBooked) -> None:
        stream = course.started.agreement_id
        working = await working_time_of(self._control.runtime, booking.inspector, self._policy)
        if not working.on(booking.day):
            self._plan(booking.day, time(16), lambda: self._rescue(stream, place))
            return
        window, story = course.window(place), self._stories[stream]
        turns = story.is_converted and stream not in self._converted and not window.has_passed(self._now)
        if turns:
            self._converted.add(stream)
            made = turn(self._now, inspector=booking.inspector, place_id=place, policy=self._policy)
            await self._give(stream, made)
        else:
            late = booking.late_reason or ("illness" if course.limit(place).is_late(booking.day) else None)
            await self._give(
                stream,
                complete(
                    on=self._now,
                    policy=self._policy,
                    inspector=booking.inspector,
                    place_id=place,
                    measures=(),
                    late_reason=late,
                ),
            )
        self._played.held.append(
            Held(stream, place, booking.inspector, booking.day, window.counted_from, window.last_day, decided=not turns)
        )

    async def _rescue(self, stream: UUID, place: UUID) -> None:
        """The inspector was away and no day in time is free: on the same day somebody chooses the next free one."""
        course = await self._running(stream)
        if course is None or place not in course.bookings or course.bookings[place].day > self._today:
            return
        booking = course.bookings[place]
        calendar = await calendar_of(self._control.runtime, course.inspector, self._policy)
        calendar.give_up(booking)
        day = self._today
        while calendar.free_place(day := next_working_day(day + _ONE_DAY, self._policy)) is None:
            pass
        self._played.rescued += 1
        await self._book(course, place, day, booking, announced=booking.announced)

    async def _book(self, course: Running, place: UUID, day: date, standing: ControlBooked, *, announced: bool) -> None:
        calendar = await calendar_of(self._control.runtime, course.inspector, self._policy)
        calendar.give_up(standing)
        is_late, moves = course.limit(place).is_late(day), day != standing.day
        told = ChosenDay(
            day=day,
            form=standing.form,
            announced=announced,
            late_reason=(standing.late_reason or "illness") if is_late else None,
        )
        why = "The inspector is ill." if moves and standing.announced else None
        command = BookControl(self._now, self._policy, place, uuid4(), calendar.place_on(day), told, moved_because=why)
        await self._give(course.started.agreement_id, command)

    async def _count_room(self) -> None:
        people = [one.person_id for one in self._world.people]
        self._played.room = await room_for_visits(self._control.runtime, people, self._world.year, self._policy)

    async def _give(self, stream: UUID, command: Command) -> None:
        with_case = Intent(COURSE, stream, command)
        try:
            await self._control.run(with_case)
        except Refused as refusal:
            if await self._running(stream) is not None:
                raise AssertionError(f"{type(command).__name__} was refused: {refusal.rule} {refusal}") from refusal

    async def _running(self, stream: UUID) -> Running | None:
        state = await self._control.state_of(COURSE, stream)
        return state if isinstance(state, Running) else None

    @property
    def _now(self) -> datetime:
        return self._control.clock.now()

    @property
    def _today(self) -> date:
        return local_day(self._now)

    @property
    def _policy(self) -> Policy:
        return self._control.runtime.policies.at(self._now)


def working_pattern(one: Colleague) -> tuple[WorkingHours, ...]:
    """R42: returns the hours of a week in which somebody has room for just as many visits."""
    return tuple(
        WorkingHours(weekday=weekday, begins=time(8), ends=_HOURS[visits])
        for weekday, visits in enumerate(one.visits, 1)
        if visits
    )


async def room_for_visits(runtime: Runtime, people: Sequence[str], year: Span, policy: Policy) -> dict[str, int]:
    """R17, R42: returns for each person how many visits the working days of a year have room for."""
    days = [year.first + _ONE_DAY * number for number in range(_length(year))]
    working_days = [day for day in days if is_working_day(day, policy)]
    room = {}
    for person in people:
        working = await working_time_of(runtime, person, policy)
        room[person] = sum(len(working.on(day)) // policy.visit_half_hours for day in working_days)
    return room


def _length(span: Span) -> int:
    return (span.last - span.first).days + 1


def accepted_offer(
    stream: UUID, inspector: str, months: int, at: datetime, carries_over: UUID | None = None
) -> Accepted:
    """Returns the acceptance of an offer on suspicion."""
    return Accepted(
        agreement_id=stream,
        kind=AgreementKind.SUSPICION,
        cvr=CVR,
        p_number=UNIT,
        topic=NOISE,
        inspector=inspector,
        period_months=months,
        accepted_at=at,
        accepted_by="company",
        carries_over=carries_over,
    )
