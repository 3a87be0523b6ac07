"""Controls that may have to be held after their window, as the daily look at a centre has found (R17)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.control.rules.phases import Running
from shared.contracts.control import WindowAtRisk, WindowSafeAgain
from shared.contracts.vocabulary import WayToMakeRoom, WindowRisk
from shared.eventstore.events import Event

AT_RISK = "window-at-risk/"
"""What the names of all windows at risk begin with."""


@dataclass(frozen=True)
class LookedAt:
    """How the control of a place stands in the calendars."""

    place_id: UUID
    last_day: date
    risk: WindowRisk | None
    """None if it is safe."""
    places_left: int
    missed_percent: int
    would_make_room: tuple[WayToMakeRoom, ...] = ()


@dataclass(frozen=True)
class NoteWindows:
    """The controls of an agreement were looked at."""

    at: datetime
    windows: tuple[LookedAt, ...]


def note(course: Running, command: NoteWindows) -> tuple[Event, ...]:
    """R17: records what has changed since the last look: another risk, window or inspector, or none any more."""
    return tuple(
        event for one in command.windows if one.place_id in course.awaited for event in _noted(course, one, command.at)
    )


def _noted(course: Running, found: LookedAt, at: datetime) -> Iterator[Event]:
    agreement_id, standing = course.started.agreement_id, course.at_risk.get(found.place_id)
    if found.risk is None:
        if standing is not None:
            yield WindowSafeAgain(agreement_id=agreement_id, place_id=found.place_id, noted_at=at)
        return
    if standing is None or _told(standing) != (found.risk, found.last_day, course.inspector):
        yield WindowAtRisk(
            agreement_id=agreement_id,
            place_id=found.place_id,
            inspector=course.inspector,
            last_day=found.last_day,
            risk=found.risk,
            places_left=found.places_left,
            missed_percent=found.missed_percent,
            noted_at=at,
            would_make_room=found.would_make_room,
        )


def _told(standing: WindowAtRisk) -> tuple[WindowRisk, date, str]:
    return standing.risk, standing.last_day, standing.inspector


def window_at_risk_name(agreement_id: UUID, place_id: UUID) -> str:
    """Returns the name by which the list of windows at risk finds a window."""
    return f"{AT_RISK}{agreement_id}/{place_id}"
