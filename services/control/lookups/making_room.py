"""Makes room for a control that has no place in its window: hidden visits of the same calendar move (R17, R18).

Only visits move whose day nobody was told, and only inside of their windows. All moves, and the place that they make
free, are recorded in one append.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.control.planning.lookups.drawing import draw_among
from services.control.planning.lookups.inspector_calendar import calendar_for_plans
from services.control.planning.rules.calendar import Calendar, FreePlace
from services.control.planning.rules.moving_others import MovableVisit, moves_for
from services.control.planning.rules.place_names import names_of_calendar
from services.control.rules.booking import BookControl, days_inside, drawn_from, is_left_at
from services.control.rules.course_decider import COURSE, BookWhenDue, Command
from services.control.rules.phases import Running, State
from services.control.rules.planned_places import Found, NoteNoPlace, PlanControl, PlanPlaces, is_planned
from shared.contracts.control import ChosenDay, ControlBooked, ControlPlanned
from shared.contracts.vocabulary import Drawn, PlanCause
from shared.deadlines.copenhagen import local_day
from shared.eventstore.commands import Intent, read
from shared.eventstore.randomness import random_id
from shared.eventstore.reservations import reserved_under
from shared.eventstore.state_cache import VersionedState
from shared.eventstore.timers import Together
from shared.policy.policy import Policy
from shared.service import Runtime

Standing = ControlBooked | ControlPlanned
OnRecord = Intent[State, Command]


@dataclass(frozen=True)
class _Hidden:
    """A visit that may move, with the course that it belongs to."""

    known: VersionedState[State]
    course: Running
    standing: Standing
    place_id: UUID
    days: Sequence[date]
    """The days of its window that are left, its own among them."""


@dataclass(frozen=True)
class _Room:
    """A place in a window, how its day was drawn, and what moves so that it is free."""

    day: date
    place: FreePlace
    drawn: Drawn
    moves: tuple[OnRecord, ...]


async def with_room_for_plans(
    runtime: Runtime, course: Running, command: PlanPlaces, at: datetime
) -> PlanPlaces | Together:
    """R17: returns the command with a place for the first control that found none, if hidden visits can make room."""
    making = _MakingRoom(runtime, course, at, command.policy)
    for number, lacking in enumerate(command.found):
        if isinstance(lacking, NoteNoPlace) and (room := await making.room_for(lacking.place_id)) is not None:
            standing = course.bookings.get(lacking.place_id)
            found = list(command.found)
            found[number] = making.moved(lacking.place_id, standing, room.day, room.place, room.drawn, lacking.cause)
            return Together(replace(command, found=tuple(found)), room.moves)
    return command


async def with_room_for_bookings(
    runtime: Runtime, course: Running, command: BookWhenDue, at: datetime
) -> BookWhenDue | Together:
    """R17: returns the command with a day in its window for the first control that was to be late, if there is room."""
    making = _MakingRoom(runtime, course, at, command.policy)
    for number, late in enumerate(command.bookings):
        if late.told.late_reason is not None and (room := await making.room_for(late.place_id)) is not None:
            told = late.told.model_copy(update={"day": room.day, "late_reason": None})
            bookings = list(command.bookings)
            bookings[number] = replace(late, place=room.place, told=told, drawn=room.drawn)
            return Together(replace(command, bookings=tuple(bookings)), room.moves)
    return command


async def with_room_in_window(runtime: Runtime, course: Running, at: datetime, policy: Policy) -> Together | None:
    """R17, R18: returns how the first control that the system booked late gets a day in its window; None if it cannot.

    A day that a person chose, or that a company was told of, stays.
    """
    making = _MakingRoom(runtime, course, at, policy)
    for place, booking in course.bookings.items():
        if _was_drawn_late(course, place, booking, local_day(at)):
            room = await making.room_for(place)
            if room is not None:
                found = making.moved(place, booking, room.day, room.place, room.drawn, PlanCause.ROOM_CAME_FREE)
                return Together(PlanPlaces(policy, (found,)), room.moves)
    return None


def _was_drawn_late(course: Running, place: UUID, booking: ControlBooked, today: date) -> bool:
    by_itself = booking.drawn is not None and not booking.announced
    return by_itself and booking.day > today and course.window(place).is_over_on(booking.day)


@dataclass(frozen=True)
class _MakingRoom:
    """Looks for room in the calendar of the inspector who is responsible for a course."""

    runtime: Runtime
    course: Running
    at: datetime
    policy: Policy

    async def room_for(self, place: UUID) -> _Room | None:
        """R17, R18: draws one of the days of the window on which hidden visits can make room; None if they cannot."""
        inside = days_inside(self.course, place, self.at, self.policy)
        if not inside or not self.policy.planning.makes_room:
            return None
        calendar, emptied = await asyncio.gather(*(self._calendar(place) for _ in range(2)))
        hidden = {one.place_id: one for one in await self._hidden(calendar)}
        for one in hidden.values():
            calendar.give_up(one.standing)
            emptied.give_up(one.standing)
        days = {*inside, *(day for one in hidden.values() for day in one.days)}
        room = {day: emptied.take_all(day) for day in days}
        movable = [self._movable(one) for one in hidden.values()]
        moves = moves_for(inside, self.course.inspector, movable, room)
        spans = drawn_from(self.course, place, inside, self.policy)
        drawn = draw_among(spans, lambda day: moves[day] is not None, self.policy, self.runtime.random_source)
        if drawn is None:
            return None
        day, how = drawn
        return self._room(day, how, hidden, moves[day] or {}, calendar)

    async def _calendar(self, place: UUID) -> Calendar:
        """Returns the calendar without the visit that is to have another place."""
        calendar = await calendar_for_plans(self.runtime, self.course.inspector, self.policy)
        for standing in (self.course.bookings.get(place), self.course.plans.get(place)):
            if standing is not None:
                calendar.give_up(standing)
        return calendar

    async def _hidden(self, calendar: Calendar) -> list[_Hidden]:
        held = await self.runtime.database.ask(reserved_under, names_of_calendar(self.course.inspector))
        streams = sorted(set(held.values()) - {self.course.started.agreement_id})
        courses = await asyncio.gather(*(read(self.runtime.store, COURSE, stream) for stream in streams))
        return [one for known in courses for one in self._hidden_of(known, calendar)]

    def _hidden_of(self, known: VersionedState[State], calendar: Calendar) -> Iterator[_Hidden]:
        course, today = known.state, local_day(self.at)
        if not isinstance(course, Running) or not course.started.plans_controls or not known.liveness.is_live:
            return
        for place in course.awaited:
            standing = course.bookings.get(place) or course.plans.get(place)
            if standing is None or standing.inspector != self.course.inspector or standing.day <= today:
                continue
            is_hidden = not standing.announced if isinstance(standing, ControlBooked) else is_planned(course, place)
            days = days_inside(course, place, self.at, self.policy)
            fits = standing.day in days and calendar.why_not_kept(standing) is None
            if is_hidden and fits and is_left_at(course, place):
                yield _Hidden(known, course, standing, place, days)

    def _movable(self, one: _Hidden) -> MovableVisit:
        others = [day for day in one.days if day != one.standing.day]
        return MovableVisit(one.place_id, one.standing.day, self.runtime.random_source.sample(others, len(others)))

    def _room(
        self,
        day: date,
        how: Drawn,
        hidden: Mapping[UUID, _Hidden],
        moves: Mapping[UUID, date],
        calendar: Calendar,
    ) -> _Room | None:
        for place, one in hidden.items():
            if place not in moves:
                calendar.keep(one.standing)
        free = {place: self._free_days(hidden[place], calendar) for place in moves}
        places = {place: calendar.take(moved_to) for place, moved_to in moves.items()}
        taken = calendar.take(day)
        found: dict[UUID, list[Found]] = {}
        for place, moved_to in moves.items():
            other, one = places[place], hidden[place]
            if other is None:
                return None
            drawn = how.model_copy(update={"first": one.days[0], "last": one.days[-1], "possible": free[place]})
            moved = self.moved(place, one.standing, moved_to, other, drawn, PlanCause.MADE_ROOM)
            found.setdefault(one.course.started.agreement_id, []).append(moved)
        if taken is None:
            return None
        known = {one.course.started.agreement_id: one.known for one in hidden.values()}
        return _Room(day, taken, how, tuple(self._intents(found, known)))

    def _free_days(self, one: _Hidden, calendar: Calendar) -> int:
        return max(1, sum(calendar.has_room_on(day) for day in one.days if day != one.standing.day))

    def _intents(
        self, found: Mapping[UUID, Iterable[Found]], known: Mapping[UUID, VersionedState[State]]
    ) -> Iterator[OnRecord]:
        for stream, of_one in found.items():
            command = PlanPlaces(self.policy, tuple(of_one))
            yield Intent(COURSE, stream, command, expected=known[stream].version, read=known[stream])

    def moved(
        self, place: UUID, standing: Standing | None, day: date, free: FreePlace, drawn: Drawn, cause: PlanCause
    ) -> Found:
        """R18: returns the booking or plan of a control on another day; an announced one stays announced."""
        new_id = random_id(self.runtime.random_source)
        if not isinstance(standing, ControlBooked):
            return PlanControl(self.at, place, new_id, day, free, drawn, cause)
        told = ChosenDay(day=day, form=standing.form, form_reason=standing.form_reason, announced=standing.announced)
        return BookControl(self.at, self.policy, place, new_id, free, told, drawn=drawn, cause=cause)
