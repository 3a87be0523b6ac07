"""Counts what a year of calendars shows, from its facts: independently of the names that the store keeps."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from uuid import UUID

from benchmarks.planning.one_process import Written
from benchmarks.planning.play import Held, Played
from services.control.planning.rules.half_hours import taken_by
from shared.contracts.control import (
    AgreementUnitChanged,
    AnnouncedControlCancelled,
    ComplianceDeadlineSet,
    ControlBooked,
    ControlCompleted,
    ControlPlanned,
    ControlTurnedIntoGuidance,
    DocumentationReceived,
    ExtensionGranted,
    InspectorChanged,
    PlaceNotFound,
    Terminated,
    WindowAtRisk,
)
from shared.contracts.people import AwayNoted, VisitsReplanned
from shared.contracts.vocabulary import Span
from shared.deadlines.copenhagen import end_of, local_day
from shared.deadlines.deadlines import next_working_day
from shared.eventstore.events import Event
from shared.policy.policies import Policies

SAID_BEFORE = timedelta(days=21)
"""A visit outside of its window is to be said so long before the window ends."""
SIXTY_DAYS = timedelta(days=60)
_ONE_DAY = timedelta(days=1)


@dataclass
class Late:
    """The visits that were held after their windows, by how early that was said."""

    warned: int = 0
    """At least 21 days before the window ended."""
    said_at_once: Counter[str] = field(default_factory=Counter)
    """By the end of the first working day after a cause that arose later, by cause."""
    unsaid: Counter[str] = field(default_factory=Counter)
    """Neither, by the latest cause before the late day was booked."""

    @property
    def number(self) -> int:
        """Returns how many visits were late."""
        return self.warned + self.said_at_once.total() + self.unsaid.total()


@dataclass
class Warnings:
    """What became of the windows that were at risk at some time."""

    late: int = 0
    """The visit was late: the warning was right."""
    in_time: int = 0
    overtaken: int = 0
    """The window or the inspector changed afterwards, or the case ended."""

    @property
    def precision(self) -> float:
        """Returns the share of right warnings among those that were not overtaken; 1 if there is none."""
        return self.late / max(1, self.late + self.in_time) if self.late + self.in_time else 1.0


@dataclass
class Counted:
    """What one year shows."""

    held: int
    in_window: int
    within_sixty_days: int
    late: Late
    warnings: Warnings
    double_bookings: int
    announced_moved: int
    announced_moved_untold: int
    replans: int
    """Re-plans of a calendar that moved something, or found no place."""
    moves: int
    most_moves: int
    rescued: int
    """Late days that an inspector chose by hand, in the whole run."""
    loads: tuple[float, float, float]
    """Visits held per place in the calendar of a person: least, median, most."""
    load: float
    seconds: float = 0.0
    """Of the processor, for the whole run."""


def count(year: Span, policies: Policies, played: Played) -> Counted:
    """Counts the visits whose windows end in the year; bookings, moves and re-plans over the whole run."""
    appended = played.appended
    held = [one for one in played.held if year.first <= one.last_day <= year.last]
    told = _Told(appended)
    made = Counter(one.inspector for one in played.held if year.first <= one.day <= year.last)
    loads = sorted(made[person] / room for person, room in played.room.items())
    moved, untold = announced_moves(appended)
    replans = [fact for fact in _facts(appended) if isinstance(fact, VisitsReplanned) and fact.moved + fact.not_found]
    return Counted(
        held=len(held),
        in_window=sum(one.in_window for one in held),
        within_sixty_days=sum(one.day - one.counted_from <= SIXTY_DAYS for one in held),
        late=_late(held, told, policies),
        warnings=_warnings(year, played.held, told),
        double_bookings=double_bookings(appended),
        announced_moved=moved,
        announced_moved_untold=untold,
        replans=len(replans),
        moves=sum(fact.moved for fact in replans),
        most_moves=max((fact.moved for fact in replans), default=0),
        rescued=played.rescued,
        loads=(loads[0], median(loads), loads[-1]),
        load=sum(made.values()) / sum(played.room.values()),
    )


def _facts(appended: Sequence[Written]) -> Iterator[Event]:
    return (fact for written in appended for _, facts in written for fact in facts)


class _Told:
    """What was said of each window, and what happened to each course and person."""

    def __init__(self, appended: Sequence[Written]) -> None:
        self.sayings: defaultdict[tuple[UUID, date], list[datetime]] = defaultdict(list)
        """When it was said that the visit of a course will not be in the window that ends on a day, or may not."""
        self.warned: defaultdict[tuple[UUID, date], list[datetime]] = defaultdict(list)
        """The same by the daily look alone."""
        self.booked_late: defaultdict[tuple[UUID, date], list[datetime]] = defaultdict(list)
        """When a day after that window was booked."""
        self.causes: defaultdict[UUID, list[tuple[datetime, str]]] = defaultdict(list)
        self.away: defaultdict[str, list[AwayNoted]] = defaultdict(list)
        for fact in _facts(appended):
            self._note(fact)

    def _note(self, fact: Event) -> None:
        match fact:
            case WindowAtRisk():
                self.warned[fact.agreement_id, fact.last_day].append(fact.noted_at)
                self.sayings[fact.agreement_id, fact.last_day].append(fact.noted_at)
            case PlaceNotFound():
                self.sayings[fact.agreement_id, fact.last_day].append(fact.sought_at)
            case ControlBooked() if fact.window.is_over_on(fact.day):
                self.sayings[fact.agreement_id, fact.window.last_day].append(fact.booked_at)
                self.booked_late[fact.agreement_id, fact.window.last_day].append(fact.booked_at)
            case AwayNoted():
                self.away[fact.person_id].append(fact)
            case _:
                cause = _cause(fact)
                if cause is not None:
                    stream, at, name = cause
                    self.causes[stream].append((at, name))


def _cause(fact: Event) -> tuple[UUID, datetime, str] | None:
    """Returns what may make a visit late: in which course, when and what; None for any other fact."""
    match fact:
        case ComplianceDeadlineSet():
            return fact.agreement_id, fact.accepted_at, "accepted"
        case DocumentationReceived(complete=True):
            return fact.agreement_id, fact.received_at, "documented early"
        case ExtensionGranted():
            return fact.agreement_id, fact.granted_at, "extended"
        case ControlTurnedIntoGuidance():
            return fact.agreement_id, fact.held_at, "turned into guidance"
        case InspectorChanged():
            return fact.agreement_id, fact.changed_at, "handed over"
        case AgreementUnitChanged():
            return fact.agreement_id, fact.noted_at, "new owner"
        case _:
            return None


def _late(held: Sequence[Held], told: _Told, policies: Policies) -> Late:
    late = Late()
    for one in held:
        if one.in_window:
            continue
        said = min(told.sayings[one.stream, one.last_day], default=None)
        if said is not None and local_day(said) <= one.last_day - SAID_BEFORE:
            late.warned += 1
            continue
        arose, cause = _latest_cause(one, told)
        in_time = said is not None and local_day(said) <= _next_working_day(arose, policies)
        arose_later = local_day(arose) > one.last_day - SAID_BEFORE
        (late.said_at_once if in_time and arose_later else late.unsaid)[cause] += 1
    return late


def _next_working_day(instant: datetime, policies: Policies) -> date:
    return next_working_day(local_day(instant) + _ONE_DAY, policies.at(instant))


def _latest_cause(one: Held, told: _Told) -> tuple[datetime, str]:
    """Returns what happened last to the course, or to its inspector in the window, before a late day was booked."""
    window = Span(first=one.counted_from, last=one.last_day)
    away = [
        (fact.noted_at, "absence")
        for fact in told.away[one.inspector]
        if fact.first <= window.last and fact.last >= window.first
    ]
    booked_at = min(told.booked_late[one.stream, one.last_day], default=end_of(one.day))
    return max(cause for cause in (*told.causes[one.stream], *away) if cause[0] <= booked_at)


def _warnings(year: Span, held: Sequence[Held], told: _Told) -> Warnings:
    """R17: counts windows that end in the year and were at risk before they ended."""
    found = Warnings()
    ends: defaultdict[tuple[UUID, date], list[Held]] = defaultdict(list)
    for one in held:
        ends[one.stream, one.last_day].append(one)
    for (stream, last_day), noted in told.warned.items():
        if not year.first <= last_day <= year.last:
            continue
        after = [one for one in ends[stream, last_day] if one.day >= local_day(min(noted))]
        changed = any(at > min(noted) and name == "handed over" for at, name in told.causes[stream])
        if not after or changed:
            found.overtaken += 1
        elif all(one.in_window for one in after):
            found.in_time += 1
        else:
            found.late += 1
    return found


def double_bookings(appended: Sequence[Written]) -> int:
    """R17: returns how often a visit got a half hour that another one had, played again from the facts alone."""
    holder: dict[tuple[str, date, int], UUID] = {}
    places: dict[tuple[UUID, UUID], set[tuple[str, date, int]]] = defaultdict(set)
    doubled = 0
    for written in appended:
        taken: list[tuple[UUID, UUID, set[tuple[str, date, int]]]] = []
        for stream, facts in written:
            for fact in facts:
                for place in _left_by(fact, stream, places):
                    for half_hour in places.pop((stream, place), ()):
                        if holder.get(half_hour) == place:
                            del holder[half_hour]
                    taken = [one for one in taken if one[:2] != (stream, place)]
                if isinstance(fact, ControlBooked | ControlPlanned):
                    place = fact.place_id or stream
                    taken.append((stream, place, {(fact.inspector, fact.day, one) for one in taken_by(fact)}))
        for stream, place, half_hours in taken:
            doubled += any(holder.get(one, place) != place for one in half_hours)
            places[stream, place] = half_hours
            holder.update(dict.fromkeys(half_hours, place))
    return doubled


def _left_by(fact: Event, stream: UUID, places: Mapping[tuple[UUID, UUID], object]) -> list[UUID]:
    """Returns the places of a course whose visit does not stand in a calendar any more after a fact."""
    match fact:
        case ControlBooked() | ControlPlanned() | ControlCompleted() | ControlTurnedIntoGuidance():
            return [fact.place_id or stream]
        case Terminated() | InspectorChanged() | AgreementUnitChanged():
            return [place for course, place in places if course == stream]
        case _:
            return []


def announced_moves(appended: Sequence[Written]) -> tuple[int, int]:
    """R18: returns how many announced visits got another day, and of how many of those the company was not told."""
    announced: dict[UUID, ControlBooked] = {}
    moved = untold = 0
    for written in appended:
        cancelled = {
            fact.control_id for _, facts in written for fact in facts if isinstance(fact, AnnouncedControlCancelled)
        }
        for _, facts in written:
            for fact in facts:
                if not isinstance(fact, ControlBooked):
                    continue
                before = announced.get(fact.replaces) if fact.replaces is not None else None
                if before is not None and before.day != fact.day:
                    moved += 1
                    untold += not fact.announced and before.control_id not in cancelled
                if fact.announced:
                    announced[fact.control_id] = fact
    return moved, untold
