"""One inspector's calendar, and the one place that says what is free in it (R17)."""

from collections import defaultdict
from copy import copy
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from services.control.planning.rules.half_hours import InCalendar, half_hours_of, hours, of_slot, taken_by
from services.control.planning.rules.place_names import TakenPlaces
from services.control.planning.rules.working_time import WorkingTime
from shared.contracts.vocabulary import VisitHours
from shared.eventstore.decider import Guard
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy


class WhyNotFree(StrEnum):
    """R17: why a visit has no place on a day."""

    CLOSED = "closed"
    """The inspector's centre is closed."""
    AWAY = "away"
    """The inspector is absent."""
    LEFT = "left"
    """R42: the inspector does not work for the authority any more; asked only where visits are planned."""
    NOT_WORKED = "not-worked"
    """The inspector does not work long enough on that weekday."""
    FULL = "full"
    """Other visits take the day."""


@dataclass(frozen=True)
class FreePlace:
    """R17: a place for one visit on a day that was asked about."""

    slot: int
    """Which of the inspector's visits on that day it is, from 1."""
    hours: VisitHours
    relies_on: tuple[Guard, ...] = field(default=(), compare=False)
    """The person and the centre whose absences and holidays made the calendar (R42)."""


class RestsOnCalendars:
    """A command with places in calendars: it holds only while the calendars stand from which they were taken."""

    @property
    def relies_on(self) -> tuple[Guard, ...]:
        """R17, R42: returns what must not have changed, so that no absence that is noted meanwhile is overlooked."""
        assert is_dataclass(self), "commands are dataclasses"
        return tuple(guard for part in fields(self) for guard in _guards(getattr(self, part.name)))


def _guards(value: object) -> tuple[Guard, ...]:
    match value:
        case FreePlace() | RestsOnCalendars():
            return value.relies_on
        case tuple():
            return tuple(guard for one in value for guard in _guards(one))
        case _:
            return ()


def refuse_not_free(rule: str, day: date, place: FreePlace | WhyNotFree) -> None:
    """R7, R17: refuses a day on which the inspector's calendar has no free place for a visit."""
    match place:
        case FreePlace():
            return
        case WhyNotFree.CLOSED:
            raise Refused(rule, "the inspector's centre is closed on {day}", day=day)
        case WhyNotFree.AWAY:
            raise Refused(rule, "the inspector is away on {day}", day=day)
        case WhyNotFree.LEFT:
            raise Refused(rule, "the inspector has left before {day}", day=day)
        case WhyNotFree.NOT_WORKED:
            raise Refused(rule, "the inspector does not work long enough for a visit on {day}", day=day)
        case WhyNotFree.FULL:
            raise Refused(rule, "the inspector's calendar is full on {day}", day=day)
        case _:
            assert_never(place)


class Calendar:
    """One inspector's calendar as it was read, with the places that were taken or given up since."""

    def __init__(
        self,
        inspector: str,
        working_time: WorkingTime,
        taken: TakenPlaces,
        policy: Policy,
        relies_on: tuple[Guard, ...] = (),
    ) -> None:
        """`relies_on` is what the working time was read from."""
        self.inspector = inspector
        self.relies_on = relies_on
        self._working_time = working_time
        self._slots = set(taken.slots)
        by_day = {day: set(numbers) for day, numbers in taken.half_hours.items()}
        self._half_hours: defaultdict[date, set[int]] = defaultdict(set, by_day)
        self._length = policy.visit_half_hours
        self._step = policy.planning.quantum_half_hours

    def lasting(self, length: int) -> "Calendar":
        """Returns the same calendar for what takes another number of half hours; what one takes, both have taken."""
        other = copy(self)
        other._length = length
        return other

    def give_up(self, booking: InCalendar) -> None:
        """Frees the place of a booking that is about to be replaced, so that the new booking may stay there."""
        if booking.inspector == self.inspector:
            self._slots.discard((booking.day, booking.slot))
            self._half_hours[booking.day].difference_update(taken_by(booking))

    def free_place(self, day: date) -> FreePlace | None:
        """R17: returns a place that is free on a day: in working time, beside other visits, and not one too many.

        A visit of the usual length begins where its slot has always begun, if it can: then no booking of a process of
        release 2026-11, which knows slots only, can overlap it.
        """
        slot, starts = self._free_slot(day), self._free_starts(day)
        if slot is None:
            return None
        usual = of_slot(slot)
        stays = len(usual) == self._length and usual[0] in starts
        first = usual[0] if stays else min(starts, default=None)
        return None if first is None else FreePlace(slot, hours(first, self._length), self.relies_on)

    def has_room_on(self, day: date) -> bool:
        """R17: returns whether a place is free on a day."""
        return self._free_slot(day) is not None and bool(self._free_starts(day))

    def _free_slot(self, day: date) -> int | None:
        slots = range(1, self._working_time.visits_per_day + 1)
        return next((slot for slot in slots if (day, slot) not in self._slots), None)

    def _free_starts(self, day: date) -> frozenset[int]:
        worked, taken = self._working_time.on(day), self._half_hours.get(day)
        return self._starts_in(worked - taken if taken else worked)

    def why_not_kept(self, booking: InCalendar) -> WhyNotFree | None:
        """R17, R42: returns why a booking cannot stay where it is; None if it can.

        The inspector must work at its time, and its slot must be within the visits of a day. The place of the booking
        itself counts as its own.
        """
        if booking.day in self._working_time.closed:
            return WhyNotFree.CLOSED
        if self._working_time.has_left_on(booking.day):
            return WhyNotFree.LEFT
        if self._working_time.is_away_on(booking.day):
            return WhyNotFree.AWAY
        worked = self._working_time.on(booking.day)
        if booking.slot > self._working_time.visits_per_day or not worked.issuperset(taken_by(booking)):
            return WhyNotFree.NOT_WORKED
        return None

    def keep(self, booking: InCalendar) -> None:
        """Takes the place of a booking again that was given up."""
        self._slots.add((booking.day, booking.slot))
        self._half_hours[booking.day].update(taken_by(booking))

    def place_on(self, day: date) -> FreePlace | WhyNotFree:
        """R17: returns a free place on a day, or why there is none."""
        return self.free_place(day) or self._why_not_free(day)

    def take(self, day: date) -> FreePlace | None:
        """Takes a free place on a day and returns it; None if there is none."""
        place = self.free_place(day)
        if place is not None:
            self._slots.add((day, place.slot))
            self._half_hours[day].update(half_hours_of(place.hours))
        return place

    def take_at(self, day: date, wanted: VisitHours) -> FreePlace | WhyNotFree:
        """R15, R17: takes these hours of a day, and returns the place, or why they are not free."""
        free = self._working_time.on(day) - self._half_hours[day]
        slots = range(1, self._working_time.visits_per_day + 1)
        slot = next((slot for slot in slots if (day, slot) not in self._slots), None)
        if slot is None or not free.issuperset(half_hours_of(wanted)):
            return self._why_not_free(day)
        self._slots.add((day, slot))
        self._half_hours[day].update(half_hours_of(wanted))
        return FreePlace(slot, wanted, self.relies_on)

    def overlaps(self, booking: InCalendar) -> bool:
        """R17: returns whether something else takes the slot or a half hour of a booking that was given up."""
        taken = self._half_hours[booking.day]
        return (booking.day, booking.slot) in self._slots or not taken.isdisjoint(taken_by(booking))

    def take_all(self, day: date) -> int:
        """Takes all places that are left on a day, and returns how many these were."""
        taken = 0
        while self.take(day) is not None:
            taken += 1
        return taken

    def _why_not_free(self, day: date) -> WhyNotFree:
        working_time = self._working_time
        if day in working_time.closed:
            return WhyNotFree.CLOSED
        if working_time.has_left_on(day):
            return WhyNotFree.LEFT
        if working_time.is_away_on(day):
            return WhyNotFree.AWAY
        if not working_time.visits_per_day or not self._starts_in(working_time.on(day)):
            return WhyNotFree.NOT_WORKED
        return WhyNotFree.FULL

    def _starts_in(self, half_hours: frozenset[int]) -> frozenset[int]:
        return _starts(half_hours, self._length, self._step)


@lru_cache(maxsize=4096)
def _starts(half_hours: frozenset[int], length: int, step: int) -> frozenset[int]:
    """Returns where a whole visit could begin in these half hours. Kept, because most days of a calendar are alike."""
    return frozenset(
        first for first in half_hours if first % step == 0 and half_hours.issuperset(range(first, first + length))
    )
