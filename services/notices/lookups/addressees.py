"""Finds out who is told, and where: a contact of the company, or somebody at the authority (R34, R42)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID

from services.notices.lookups.owners import Owners, Parties
from services.notices.rules.moments import on
from services.notices.rules.phases import Followed
from shared.contracts.notices import MatterRaised, Recipient
from shared.contracts.vocabulary import ContactRole
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import next_working_day
from shared.eventstore.database import Database
from shared.people.people_copy import people_told
from shared.people.person import Person
from shared.policy.policy import Policy

_LEADER = """
select person_id from people where leads = $1 and (works_until is null or works_until >= $2) order by person_id limit 1
"""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Addressee:
    """Somebody who can be told."""

    email: str
    contact_id: UUID | None = None
    """Of somebody at the company."""
    person: str | None = None
    """Of somebody at the authority."""


@dataclass(frozen=True)
class AwayUntil:
    """R42: the one responsible is away, and nobody stands in until then."""

    at: datetime


@dataclass(frozen=True)
class Unreachable:
    """Nobody stands in the role, or no address is known."""


@dataclass(frozen=True)
class Erased:
    """R31: somebody stands in the role, and the keys of that person, or of the case, are destroyed."""


class Addressees:
    """Knows the people of the authority by the copy of the directory, and asks for addresses where they are kept."""

    def __init__(self, database: Database, owners: Owners) -> None:
        self._database = database
        self._person = people_told(database)
        self._owners = owners

    async def find(
        self, state: Followed, raised: MatterRaised, parties: Parties, at: datetime, policy: Policy
    ) -> Addressee | AwayUntil | Unreachable | Erased:
        """R29: returns who is told of a matter now."""
        match raised.recipient:
            case Recipient.UNIT_MANAGER | Recipient.LEGALLY_RESPONSIBLE | Recipient.SAFETY_REPRESENTATIVE:
                return _contact(parties, ContactRole(raised.recipient.value))
            case Recipient.INSPECTOR | Recipient.LEADER | Recipient.VISITOR:
                person = await self.person(state, raised, at, policy)
                return person if isinstance(person, AwayUntil) else await self.reached(person)
            case _:
                assert_never(raised.recipient)

    async def person(self, state: Followed, raised: MatterRaised, at: datetime, policy: Policy) -> str | AwayUntil:
        """R15, R42: returns the pseudonymous id of who is told at the authority, for a recipient there."""
        match raised.recipient:
            case Recipient.VISITOR:
                return raised.person or state.inspector
            case Recipient.LEADER:
                return await self._leader(state.inspector, local_day(at)) or state.inspector
            case _:
                return _in_place_of(await self._person(state.inspector), state.inspector, local_day(at), policy)

    async def reached(self, person: str) -> Addressee | Unreachable:
        """R42: returns how somebody at the authority is reached."""
        address = await self._owners.address(person)
        if address is None or address.email is None:
            return Unreachable()
        return Addressee(address.email, person=person)

    async def _leader(self, inspector: str, day: date) -> str | None:
        known = await self._person(inspector)
        if known is None:
            return None
        async with self._database.acquire() as connection:
            leader: str | None = await connection.fetchval(_LEADER, known.centre.value, day)
        return leader


def _contact(parties: Parties, role: ContactRole) -> Addressee | Unreachable | Erased:
    contact = next((one for one in parties.contacts if one.role is role), None)
    if contact is not None and contact.name is None:
        return Erased()
    if contact is None or contact.email is None:
        return Unreachable()
    return Addressee(contact.email, contact_id=contact.contact_id)


def _in_place_of(known: Person | None, inspector: str, day: date, policy: Policy) -> str | AwayUntil:
    """R15, R42: the inspector; while that one is away, the stand-in of the day, or nobody until the day of return."""
    if known is None or not _is_away(known, day):
        return inspector
    standing_in = (one.stand_in for one in known.stand_ins.values() if one.first <= day <= one.last)
    stand_in = next(standing_in, None)
    if stand_in is not None:
        return stand_in
    while _is_away(known, day):
        day = next_working_day(day + _ONE_DAY, policy)
    return AwayUntil(on(day, policy))


def _is_away(known: Person, day: date) -> bool:
    return any(one.first <= day <= one.last for one in known.absences.values())
