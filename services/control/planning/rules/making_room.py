"""Says what would make room in a calendar, and when it is looked into again, where no place was found (R17)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from services.control.planning.rules.calendar import Calendar, FreePlace, WhyNotFree
from shared.contracts.vocabulary import MakesRoom
from shared.deadlines.copenhagen import local_day, start_of
from shared.deadlines.deadlines import next_working_day
from shared.policy.policy import Policy

_BY_REASON = {
    WhyNotFree.AWAY: MakesRoom.ABSENCE_WITHDRAWN,
    WhyNotFree.CLOSED: MakesRoom.CENTRE_OPENED,
    WhyNotFree.NOT_WORKED: MakesRoom.LONGER_HOURS,
    WhyNotFree.FULL: MakesRoom.VISIT_GIVEN_UP,
}


def would_make_room(calendar: Calendar, days: Iterable[date]) -> tuple[MakesRoom, ...]:
    """R17: returns what would make room on one of these days, then what always does: a colleague, or a late day."""
    places = [calendar.place_on(day) for day in days]
    why = {place for place in places if not isinstance(place, FreePlace)}
    return *(code for reason, code in _BY_REASON.items() if reason in why), MakesRoom.COLLEAGUE, MakesRoom.LATER_DAY


def sought_again_at(at: datetime, policy: Policy) -> datetime:
    """R17: returns the beginning of the next working day."""
    return start_of(next_working_day(local_day(at) + timedelta(days=1), policy))
