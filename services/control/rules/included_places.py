"""The places that an agreement includes: which one a command is about (R10, R19)."""

from collections.abc import Iterable
from uuid import UUID

from services.control.rules.phases import Running
from shared.contracts.vocabulary import Place
from shared.eventstore.errors import Refused


def require_place(course: Running, place_id: UUID) -> Place:
    """R19: returns the place with this id. Refuses an id that is not part of the agreement."""
    place = next((one for one in course.places if one.place_id == place_id), None)
    if place is None:
        raise Refused("R19", "place {place_id} is not part of the agreement", place_id=place_id)
    return place


def refuse_unknown_places(course: Running, places: Iterable[UUID]) -> None:
    """R19: refuses ids of places that are not part of the agreement."""
    for place_id in places:
        require_place(course, place_id)


def refuse_not_awaited(course: Running, place_id: UUID) -> None:
    """R19: refuses a control of a place that is not in the sample, or whose control has already decided."""
    place = require_place(course, place_id)
    if place_id not in course.sample:
        why = "place {place_id} is not in the sample; choose it first"
        raise Refused("R19", why, place_id=place_id, p_number=place.p_number)
    if place_id in course.results:
        raise Refused(
            "R19",
            "place {place_id} was controlled at {held_at}",
            place_id=place_id,
            p_number=place.p_number,
            held_at=course.results[place_id].held_at,
        )


def units_of(course: Running, places: Iterable[UUID]) -> tuple[str, ...]:
    """R20, R22: returns the units of these places, each once, in the agreement's order."""
    wanted = set(places)
    return tuple(dict.fromkeys(place.p_number for place in course.places if place.place_id in wanted))
