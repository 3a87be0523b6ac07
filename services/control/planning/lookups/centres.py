"""Finds out to which centre inspectors belong, and who belongs to a centre (R42)."""

import asyncio
from collections.abc import Iterable, Mapping

from services.control.people.lookups.directory import person_ids
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.people.rules.phases import Gone, Listed, Unlisted
from shared.contracts.vocabulary import Centre
from shared.eventstore.commands import read
from shared.service import Runtime

_PEOPLE_AT_A_TIME = 1000


async def centres_of_people(runtime: Runtime, people: Iterable[str]) -> Mapping[str, Centre | None]:
    """R42: returns the centre of each of these people; None for somebody whom no directory knows.

    Somebody who has left still belongs to the last centre, because cases may not have been handed over yet. Somebody
    who is only in the file that was read at start belongs to the centre that the file says.
    """
    asked = list(people)
    standing = await asyncio.gather(*(read(runtime.store, PERSON, person_stream(person)) for person in asked))
    found: dict[str, Centre | None] = {}
    for person, known in zip(asked, standing, strict=True):
        match known.state:
            case Listed(said=said) | Gone(before=Listed(said=said)):
                found[person] = said.centre
            case Unlisted():
                found[person] = runtime.people.centre_of(person)
    return found


async def people_of_centre(runtime: Runtime, centre: Centre) -> list[str]:
    """R42: returns the ids of everybody of a centre, in order: of the directory, and of the file read at start."""
    listed: list[str] = []
    while page := await person_ids(runtime, listed[-1] if listed else None, _PEOPLE_AT_A_TIME):
        listed += page
    centres = await centres_of_people(runtime, {*listed, *runtime.people.inspectors})
    return sorted(person for person, known in centres.items() if known is centre)
