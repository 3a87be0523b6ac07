"""What a service knows of one person of the authority, folded from the facts of the directory (R42).

It decides who may act. Names and addresses are no part of it: the facts carry none.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar
from uuid import UUID

from shared.contracts.people import (
    AwayNoted,
    AwayWithdrawn,
    PersonChanged,
    PersonLeft,
    PersonListed,
    StandInNamed,
    StandInWithdrawn,
)
from shared.contracts.vocabulary import Centre, PersonRole
from shared.eventstore.events import Event

Value = TypeVar("Value")


@dataclass(frozen=True)
class NamedStandIn:
    """A colleague who acts for the person from one day to another, both included."""

    stand_in: str
    first: date
    last: date


@dataclass(frozen=True)
class Absence:
    """The days in which the person is away, the first and the last included. Nobody says why."""

    first: date
    last: date


@dataclass(frozen=True)
class Person:
    """R42: somebody whom the directory lists, or has listed."""

    person_id: str
    centre: Centre
    roles: tuple[PersonRole, ...] = ()
    leads: Centre | None = None
    """The centre that the person leads."""
    works_until: date | None = None
    """The last day at the authority; None for who stays."""
    stand_ins: Mapping[UUID, NamedStandIn] = field(default_factory=dict)
    """By id; those that were withdrawn are left out."""
    absences: Mapping[UUID, Absence] = field(default_factory=dict)
    """By id; those that were withdrawn are left out."""

    def works_on(self, day: date) -> bool:
        """Returns whether the person has not left the authority before that day."""
        return self.works_until is None or day <= self.works_until

    def is_stood_in_for_by(self, colleague: str, day: date) -> bool:
        """Returns whether that colleague acts for the person on that day."""
        return any(one.stand_in == colleague and one.first <= day <= one.last for one in self.stand_ins.values())


PersonOf = Callable[[str], Awaitable[Person | None]]
"""Returns what is known of the person with this pseudonymous id; None if nothing is."""


async def nobody_known(_: str) -> Person | None:
    """Implements PersonOf for a service that no directory tells anything."""
    return None


def learn(known: Person | None, fact: Event) -> Person | None:
    """Returns what is known of a person after one more fact; a fact about somebody not listed tells nothing."""
    match fact:
        case PersonListed() | PersonChanged():
            before = known or Person(fact.person_id, fact.centre)
            return replace(before, centre=fact.centre, roles=fact.roles, leads=fact.leads, works_until=None)
        case PersonLeft() if known is not None:
            return replace(known, works_until=fact.last_day)
        case StandInNamed() if known is not None:
            named = NamedStandIn(fact.stand_in, fact.first, fact.last)
            return replace(known, stand_ins={**known.stand_ins, fact.stand_in_id: named})
        case StandInWithdrawn() if known is not None:
            return replace(known, stand_ins=_without(known.stand_ins, fact.stand_in_id))
        case AwayNoted() if known is not None:
            return replace(known, absences={**known.absences, fact.absence_id: Absence(fact.first, fact.last)})
        case AwayWithdrawn() if known is not None:
            return replace(known, absences=_without(known.absences, fact.absence_id))
        case _:
            return known


def about(fact: Event) -> str | None:
    """Returns the id of the person whom a fact of the directory is about; None for a fact about a centre."""
    return getattr(fact, "person_id", None)


def _without(values: Mapping[UUID, Value], key: UUID) -> Mapping[UUID, Value]:
    return {name: value for name, value in values.items() if name != key}
