"""Courses whose controls are booked by several processes at once, those of the release before among them (R17)."""

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, datetime
from itertools import combinations
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, Self
from uuid import UUID, uuid4

from services.control.lookups.drawn_bookings import free_bookings
from services.control.people.rules.absences import NoteAway
from services.control.people.rules.centre_holidays import CENTRE, SetHolidays, centre_stream
from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.planning.rules.calendar import FreePlace
from services.control.planning.rules.half_hours import Booking, hours, of_slot, taken_by
from services.control.planning.rules.holds import HOLD
from services.control.planning.rules.place_names import former_names_of_calendar, former_slot_name
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE, BookWhenDue
from services.control.rules.phases import Running
from services.control.rules.start_of_agreement import StartCourse
from services.control.service import timer_lookups
from shared.contracts import people
from shared.contracts.control import FACTS, ChosenDay, ControlBooked
from shared.contracts.offers import Accepted
from shared.contracts.vocabulary import AgreementKind, ContactForm, PersonDescription, Reachable, Span
from shared.eventstore.commands import ATTEMPTS, Intent, execute, read
from shared.eventstore.database import Database, open_database
from shared.eventstore.decider import Decider
from shared.eventstore.errors import NameReserved
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes, Metadata
from shared.eventstore.reservations import reserved_under
from shared.eventstore.timers import TimerLoop
from shared.people.directory import Directory
from shared.policy.policies import Policies
from tests.public_form import public
from tests.unit.control.control_facts import INSPECTOR, POLICIES, at, started

START, NOW = at("2026-03-20"), at("2026-06-10")
"""The first part of the window is near: the deadline is 22 June."""
POLICY = POLICIES.at(NOW)


def _metadata() -> Metadata:
    return Metadata(command_id=uuid4(), actor="control")


class Process:
    """What one process of control has of its own: connections, and an event store with its queue."""

    def __init__(self, dsn: str, policies: Policies = POLICIES) -> None:
        self._dsn = dsn
        self._policies = policies
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.database: Database = await self._stack.enter_async_context(open_database(self._dsn, "control"))
        self.store = await self._stack.enter_async_context(
            EventStore(self.database, EventTypes((*FACTS, *people.FACTS)))
        )
        self.runtime: Any = SimpleNamespace(
            name="control",
            policies=self._policies,
            database=self.database,
            store=self.store,
            random_source=SystemRandom(),
            people=Directory(),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def list_in_directory(self, described: PersonDescription, away: Span, closed: date) -> None:
        """R42: says when the inspector works and is away, and when the centre is closed."""
        listed = ListPerson(START, "leader", INSPECTOR, described, Reachable())
        note = NoteAway(START, "leader", uuid4(), away)
        holidays = SetHolidays(START, "leader", described.centre, (closed,))
        person, centre = person_stream(INSPECTOR), centre_stream(described.centre)
        for intent in (Intent(PERSON, person, listed), Intent(PERSON, person, note), Intent(CENTRE, centre, holidays)):
            await execute(self.store, [intent], at=START, metadata=_metadata())

    async def start(self, inspector: str = INSPECTOR) -> UUID:
        """Starts a course of an inspector."""
        agreement = uuid4()

        terms = started()
        fact = Accepted(
            agreement_id=agreement,
            kind=AgreementKind.SUSPICION,
            cvr=terms.cvr,
            p_number=terms.p_number,
            topic=terms.topic,
            inspector=inspector,
            period_months=3,
            accepted_at=START,
            accepted_by="person-1",
        )
        command = StartCourse(at=START, policy=self._policies.at(START), fact=public(fact))
        await execute(self.store, [Intent(COURSE, agreement, command)], at=START, metadata=_metadata())
        return agreement

    async def tell(self, decider: Decider[Any, Any], stream: UUID, command: Any) -> Sequence[Event]:
        """Gives a command to a subject."""
        intent = Intent(decider, stream, command)
        (decision,) = await execute(self.store, [intent], at=command.at, metadata=_metadata())
        return decision.events

    async def fire_until(self, now: datetime) -> None:
        """Fires what is due by then, as the process does by itself."""
        clock: Any = SimpleNamespace(now=lambda: now, fires_at=lambda due: now)
        subjects = (COURSE, PERSON, CENTRE, HOLD)
        loop = TimerLoop(
            self.database, self.store, clock, subjects, actor="control", lookups=timer_lookups(self.runtime)
        )
        while await loop.fire_due():
            pass

    async def book(self, agreement: UUID) -> None:
        """Draws a day and books it; looks again if another took the place first, as the timers do."""
        for _ in range(ATTEMPTS):
            standing = await read(self.store, COURSE, agreement)
            assert isinstance(standing.state, Running)
            command = BookWhenDue(POLICY, await free_bookings(self.runtime, standing.state, NOW, POLICY))
            intent = Intent(COURSE, agreement, command, expected=standing.version, read=standing)
            try:
                await execute(self.store, [intent], at=NOW, metadata=_metadata())
            except NameReserved:
                continue
            return
        raise AssertionError(f"no place was found for {agreement} in {ATTEMPTS} attempts")

    async def book_as_the_release_before(self, agreement: UUID, day: date) -> bool:
        """Takes the next free slot of a day, by the names that release knows; returns whether one was free."""
        while True:
            held = await self.database.ask(reserved_under, former_names_of_calendar(INSPECTOR))
            free = [slot for slot in (1, 2) if former_slot_name(INSPECTOR, day, slot) not in held]
            if not free:
                return False
            told = ChosenDay(day=day, form=ContactForm.VISIT, announced=False)
            place = FreePlace(free[0], hours(of_slot(free[0])[0], len(of_slot(free[0]))))
            command = BookControl(NOW, POLICY, agreement, uuid4(), place, told)
            try:
                await execute(self.store, [Intent(_BEFORE, agreement, command)], at=NOW, metadata=_metadata())
            except NameReserved:
                continue
            return True


def _decide_before(state: Any, command: Any) -> Sequence[Event]:
    """Without the hours, which that release did not know."""
    return [
        event.model_copy(update={"hours": None}) if isinstance(event, ControlBooked) else event
        for event in COURSE.decide(state, command)
    ]


def _names_before(state: Any) -> frozenset[str]:
    return frozenset(name for name in COURSE.reservations(state) if not name.startswith("place/"))


_BEFORE = replace(COURSE, decide=_decide_before, reservations=_names_before)


async def bookings(process: Process, agreements: Iterable[UUID]) -> list[ControlBooked]:
    """Returns what is booked for each of them; each has one place."""
    states = [(await read(process.store, COURSE, one)).state for one in agreements]
    return [booking for state in states if isinstance(state, Running) for booking in state.bookings.values()]


def overlaps(booked: Sequence[Booking]) -> list[tuple[Booking, Booking]]:
    """Returns the pairs that an inspector cannot both visit: on one day, in one slot or at the same time."""
    return [
        (one, other)
        for one, other in combinations(booked, 2)
        if (one.inspector, one.day) == (other.inspector, other.day)
        and (one.slot == other.slot or set(taken_by(one)) & set(taken_by(other)))
    ]
