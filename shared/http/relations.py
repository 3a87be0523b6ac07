"""Decides whether somebody of the authority is to a case what the table of commands asks for (R42).

Whoever is responsible for a case always may act on it, also before the directory lists the person: an authority lists
its people step by step, and nobody may be kept from the own cases meanwhile. Everybody else acts because the directory
says so, and an unknown centre is nobody's: a supporter whom it does not list is refused.
"""

from datetime import date

from shared.contracts.vocabulary import Centre
from shared.http.access import AUTHORITY, Viewer
from shared.http.problems import forbidden
from shared.http.who_may_act import Relation
from shared.people.person import Person, PersonOf


async def require_relation(
    relation: Relation, asker: Viewer, responsible: str | None, person_of: PersonOf, day: date
) -> None:
    """R42: raises Problem (403), which says what is lacking, if the asker may not act on the case on that day.

    `responsible` is None if the case says nobody: then a leader decides, of whichever centre.
    """
    if relation is Relation.SELF and responsible != asker.subject:
        raise forbidden("this is for the person itself: {person}", rule="R42", person=responsible)
    if asker.role not in AUTHORITY or responsible == asker.subject:
        return
    match relation:
        case Relation.RESPONSIBLE_OR_STAND_IN:
            _require_stand_in(asker, responsible, await _person(person_of, responsible), day)
        case Relation.OWN_CENTRE:
            _require_own_centre(
                asker, await _person(person_of, asker.subject), await _person(person_of, responsible), day
            )
        case Relation.CENTRE_LED if responsible is not None:
            asker.require_centre_led(_centre(await _person(person_of, responsible)))
        case _:
            pass


def _require_stand_in(asker: Viewer, responsible: str | None, person: Person | None, day: date) -> None:
    """R42: raises Problem (403) unless the directory names the asker as a stand-in of that day."""
    if responsible is None:
        raise forbidden("nobody is responsible for this case: it is for a leader", rule="R42")
    if person is None or not person.is_stood_in_for_by(asker.subject, day):
        raise forbidden(
            "{responsible} is responsible for this case, and the directory names {asker} as no stand-in on {day}",
            rule="R42",
            responsible=responsible,
            asker=asker.subject,
            day=day,
        )


def _require_own_centre(asker: Viewer, listed: Person | None, responsible: Person | None, day: date) -> None:
    """R42: raises Problem (403) unless the asker works in the centre of who is responsible."""
    of_asker = _centre(listed if listed is not None and listed.works_on(day) else None)
    of_case = _centre(responsible)
    if of_asker is None or of_asker is not of_case:
        raise forbidden(
            "this case belongs to the centre {centre}, and the directory has {asker} in the centre {own}",
            rule="R42",
            centre=_in_words(of_case),
            asker=asker.subject,
            own=_in_words(of_asker),
        )


async def _person(person_of: PersonOf, person_id: str | None) -> Person | None:
    return None if person_id is None else await person_of(person_id)


def _centre(person: Person | None) -> Centre | None:
    return None if person is None else person.centre


def _in_words(centre: Centre | None) -> str:
    return "unknown" if centre is None else centre.value
