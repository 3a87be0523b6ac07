"""Half hours, the unit in which calendars count, and those that a visit takes with its travel and preparation (R17).

They are numbered from midnight, in Copenhagen: number 16 begins at 08:00.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from shared.contracts.control import ControlBooked, ControlPlanned, NewInspectionBooked
from shared.contracts.vocabulary import VisitHours


@dataclass(frozen=True)
class MeetingPlace:
    """R12: a place that is kept free, or booked, for a guidance meeting."""

    inspector: str
    day: date
    slot: int
    hours: VisitHours


Booking = ControlBooked | ControlPlanned | NewInspectionBooked
"""A visit of a course, which takes a place in a calendar."""
InCalendar = Booking | MeetingPlace
"""What takes a place in a calendar."""
MINUTES = 30
_FIRST_OF_SLOTS = 16
_OF_A_SLOT = 6


def begins_at(number: int) -> time:
    """Returns the time of day at which a half hour begins."""
    hour, minute = divmod(number * MINUTES, 60)
    return time(hour, minute)


def taken_by(booking: InCalendar) -> Sequence[int]:
    """R17: returns the half hours that a booking takes; those of its slot if an earlier release made it."""
    return of_slot(booking.slot) if booking.hours is None else half_hours_of(booking.hours)


def half_hours_of(hours: VisitHours) -> Sequence[int]:
    """Returns the half hours that lie between two times of a day, in part or as a whole."""
    begun, minute = divmod(hours.begins.hour * 60 + hours.begins.minute, MINUTES)
    return range(begun, begun - (-(minute + hours.duration_minutes) // MINUTES))


def of_slot(slot: int) -> Sequence[int]:
    """R17: returns the half hours of a booking of which only the slot is known: three hours each, from 08:00 on.

    This never changes, because bookings of earlier releases reserve what it says. Slots that reach beyond midnight,
    which a policy with many controls a day allowed, have numbers of their own.
    """
    first = _FIRST_OF_SLOTS + _OF_A_SLOT * (slot - 1)
    return range(first, first + _OF_A_SLOT)


@lru_cache(maxsize=48)
def hours(first: int, length: int) -> VisitHours:
    """Returns the time of day of so many half hours. Kept, because a calendar has few such times."""
    return VisitHours(begins=begins_at(first), duration_minutes=length * MINUTES)


def within(begins: time, ends: time) -> Sequence[int]:
    """Returns the half hours that lie as a whole between two times of a day."""
    first, last = begins.hour * 60 + begins.minute, ends.hour * 60 + ends.minute
    return range(-(-first // MINUTES), last // MINUTES)
