"""What a calendar feed says of the visits of one course or meeting, as its facts tell it (R12, R17).

A visit keeps its entry while it moves, and an entry that falls away says so, so that a calendar program that reads the
feed again moves or strikes out what it has.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from services.control.planning.rules import holds
from services.control.planning.rules.holds import HOLD, visits_of_hold
from services.control.planning.rules.visit import Visit, VisitKind
from services.control.rules import phases
from services.control.rules.course_decider import COURSE
from services.control.rules.visits_of_course import visits_of
from shared.contracts.control import HeldPlacesReleased, PlacesHeld
from shared.contracts.public_forms import (
    ControlCompleted,
    ControlTurnedIntoGuidance,
    FreshInvestigationNeeded,
    InvestigationConcluded,
)
from shared.contracts.vocabulary import HoldEnd
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import Decider
from shared.eventstore.events import Event, Recorded
from shared.policy.policy import Policy

State = TypeVar("State")
Command = TypeVar("Command")
DAYS_SHOWN = 30
"""So long a visit is shown after its day, and one that fell away after it did."""


@dataclass(frozen=True)
class FeedEntry:
    """R17: an entry of a calendar feed."""

    what: str
    """The place and purpose of the visit, or the meeting; one agreement has each of them once."""
    visit: Visit
    """As it stands, or stood last in these calendars."""
    number: int
    """Which visit of its place it is, from 1; what was held is followed by the next one."""
    moves: int
    """How often it has moved, fallen away, or come back; it never gets smaller."""
    changed_at: datetime
    fell_away: bool = False

    @property
    def uid(self) -> str:
        """Returns what a calendar program knows the entry by; it stays the same when the visit moves."""
        return f"{self.visit.stream}-{self.what}-{self.number}@aftale"

    def is_shown_on(self, today: date) -> bool:
        """R17: returns whether a feed that is read on a day has the entry."""
        shown_from = today - timedelta(days=DAYS_SHOWN)
        return self.visit.day >= shown_from and not (self.fell_away and local_day(self.changed_at) < shown_from)


def entries_of(history: Sequence[Recorded], people: Collection[str], policy: Policy) -> list[FeedEntry]:
    """R12, R17: returns the entries of a course, or of a meeting, in the calendars of these people, shown or not.

    A visit that somebody else has now has fallen away for them.
    """
    if history and isinstance(history[0].event, PlacesHeld):
        return _entries(history, people, HOLD, _of_meeting)
    return _entries(history, people, COURSE, partial(_of_course, policy))


def _of_course(policy: Policy, state: phases.State) -> Mapping[str, Visit]:
    return {f"{visit.place_id}-{_purpose(visit)}": visit for visit in visits_of(state, policy)}


def _purpose(visit: Visit) -> str:
    return "inspection" if visit.kind is VisitKind.INSPECTION else "control"


def _of_meeting(state: holds.State) -> Mapping[str, Visit]:
    """Of each time that the company may choose an entry of its own, and one of the meeting once a time is chosen."""
    visits = visits_of_hold(state)
    return {
        f"{visit.visit_id}-" + (f"held-{number}" if visit.kind is VisitKind.HELD_PLACE else "meeting"): visit
        for number, visit in enumerate(visits, 1)
    }


def _entries(
    history: Sequence[Recorded],
    people: Collection[str],
    decider: Decider[State, Command],
    visits_in: Callable[[State], Mapping[str, Visit]],
) -> list[FeedEntry]:
    state, tracks = decider.initial, dict[str, _Track]()
    stood: Mapping[str, Visit] = {}
    for recorded in history:
        event = recorded.event.public_form()
        state = decider.evolve(state, event)
        stands = visits_in(state)
        if stands != stood:
            for what in {**stood, **stands}:
                track = tracks.setdefault(what, _Track(what, people.__contains__))
                track.follow(stands.get(what), event, recorded.occurred_at)
        stood = stands
    return [entry for track in tracks.values() for entry in track.entries()]


class _Track:
    """The visits of one place, one after the other."""

    def __init__(self, what: str, is_asked: Callable[[str], bool]) -> None:
        self._what = what
        self._is_asked = is_asked
        self._number = 1
        self._moves = -1
        self._visit: Visit | None = None
        self._entry: FeedEntry | None = None
        self._held: list[FeedEntry] = []

    def entries(self) -> list[FeedEntry]:
        return self._held if self._entry is None else [*self._held, self._entry]

    def follow(self, visit: Visit | None, event: Event, at: datetime) -> None:
        """Notes how a fact has changed the visit of the place."""
        before, self._visit = self._visit, visit
        if _shown(visit) == _shown(before):
            return
        if before is not None and visit is None and _was_held(before, event):
            self._end()
            return
        if before is None or visit is None or _when(visit) != _when(before):
            self._moves += 1
        if visit is not None and self._is_asked(visit.inspector):
            self._entry = FeedEntry(self._what, visit, self._number, self._moves, at)
        elif self._entry is not None and not self._entry.fell_away:
            self._entry = replace(self._entry, moves=self._moves, changed_at=at, fell_away=True)

    def _end(self) -> None:
        self._held = self.entries()
        self._entry = None
        self._number += 1
        self._moves = -1


def _shown(visit: Visit | None) -> tuple[object, ...]:
    return () if visit is None else (*_when(visit), visit.kind, visit.p_number, visit.cvr)


def _when(visit: Visit) -> tuple[object, ...]:
    return visit.inspector, visit.day, visit.hours


def _was_held(visit: Visit, event: Event) -> bool:
    """Returns whether the fact tells that the visit took place on its day, or later."""
    match event:
        case ControlCompleted() | ControlTurnedIntoGuidance() | FreshInvestigationNeeded():
            return event.control_id == visit.visit_id and local_day(event.held_at) >= visit.day
        case InvestigationConcluded():
            return event.inspection_id == visit.visit_id and local_day(event.held_at) >= visit.day
        case HeldPlacesReleased(why=HoldEnd.MEETING_HELD):
            return local_day(event.released_at) >= visit.day
        case _:
            return False
