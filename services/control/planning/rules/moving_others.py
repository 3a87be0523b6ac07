"""Which visits of a calendar move, so that one more has room on a day: as few as possible (R17)."""

from collections.abc import Mapping, Sequence
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
    day: date, inspector: str, movable: Sequence[MovableVisit], room: Mapping[date, int]
) -> Mapping[UUID, date] | None:
    """R17: returns which visits move where, so that another one has room on a day; None if none can make room.

    `room` says how many visits fit into each day, the movable ones included.
    """
    matching = Matching({InspectorDay(inspector, one): fits for one, fits in room.items()})
    for visit in movable:
        matching.give(visit.visit_id, [InspectorDay(inspector, one) for one in (visit.day, *visit.others)])
    if not matching.give("one more", [InspectorDay(inspector, day)]):
        return None
    found = {visit.visit_id: matching.place_of(visit.visit_id) for visit in movable}
    return {
        visit.visit_id: place.day
        for visit in movable
        if (place := found[visit.visit_id]) is not None and place.day != visit.day
    }
