"""Which visits of a calendar move, so that one more has room on a day: as few as possible (R17)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.control.planning.rules.matching import InspectorDay, Matching


@dataclass(frozen=True)
class MovableVisit:
    """A visit that may have another day, because nobody was told of its own."""

    visit_id: UUID
    day: date
    others: Sequence[date]
    """R18: the days to which it may move, in an order that was drawn."""


def moves_for(
    days: Iterable[date], inspector: str, movable: Sequence[MovableVisit], room: Mapping[date, int]
) -> Mapping[date, Mapping[UUID, date] | None]:
    """R17: returns by day which visits move where, so that another one has room on it; None if none can make room.

    `room` says how many visits fit into each day, the movable ones included.
    """
    standing = Matching({InspectorDay(inspector, one): fits for one, fits in room.items()})
    for visit in movable:
        standing.give(visit.visit_id, [InspectorDay(inspector, one) for one in (visit.day, *visit.others)])
    return {day: _moves(InspectorDay(inspector, day), movable, standing.copy()) for day in days}


def _moves(place: InspectorDay, movable: Sequence[MovableVisit], matching: Matching) -> Mapping[UUID, date] | None:
    if not matching.give("one more", [place]):
        return None
    found = ((visit, matching.place_of(visit.visit_id)) for visit in movable)
    return {visit.visit_id: now.day for visit, now in found if now is not None and now.day != visit.day}
