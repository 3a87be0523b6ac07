"""Keeps what the directory publishes of the people of the authority, for a service that does not own it (R42)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from shared.contracts.people import FACTS
from shared.contracts.vocabulary import Centre, PersonRole
from shared.eventstore.database import Connection, Database
from shared.eventstore.events import Event, EventTypes
from shared.messaging.projector import Projector
from shared.messaging.received_fact import ReceivedFact
from shared.messaging.reconciliation_state import AskAgain
from shared.people.person import Absence, NamedStandIn, Person, PersonOf, about, learn

_STAND_INS = TypeAdapter(Mapping[UUID, NamedStandIn])
_ABSENCES = TypeAdapter(Mapping[UUID, Absence])
_READ = """
select person_id, centre, roles, leads, works_until, stand_ins, absences from people where person_id = any($1::text[])
"""
_WRITE = """
insert into people (person_id, centre, roles, leads, works_until, stand_ins, absences)
values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)
on conflict (person_id) do update
set centre = excluded.centre, roles = excluded.roles, leads = excluded.leads, works_until = excluded.works_until,
    stand_ins = excluded.stand_ins, absences = excluded.absences
"""


class PeopleCopy(Projector):
    """Keeps the table `people`: where somebody works, in which roles, until when, who stands in, and absences."""

    def __init__(self, database: Database, *, own_source: str, ask_again: AskAgain) -> None:
        super().__init__(database, EventTypes(FACTS), own_source=own_source, ask_again=ask_again)

    async def apply(self, connection: Connection, facts: Sequence[ReceivedFact]) -> None:
        """Implements Projector.apply. A fact that only a later release knows changes nothing."""
        await keep(connection, [fact.event for fact in facts if fact.event is not None])


async def keep(connection: Connection, told: Sequence[Event]) -> None:
    """Changes the rows of the people whom facts are about, in the transaction that is open."""
    events = [(person_id, event) for event in told if (person_id := about(event)) is not None]
    known: dict[str, Person | None] = dict(await _people(connection, {person_id for person_id, _ in events}))
    for person_id, event in events:
        known[person_id] = learn(known.get(person_id), event)
    await connection.executemany(_WRITE, [_row(person) for person in known.values() if person is not None])


def people_told(database: Database) -> PersonOf:
    """Returns what the service knows of people by its copy of the directory."""

    async def person_of(person_id: str) -> Person | None:
        async with database.acquire() as connection:
            return (await _people(connection, {person_id})).get(person_id)

    return person_of


async def _people(connection: Connection, person_ids: set[str]) -> Mapping[str, Person]:
    rows = await connection.fetch(_READ, sorted(person_ids))
    return {row["person_id"]: _person(row) for row in rows}


def _person(row: Any) -> Person:
    works_until: date | None = row["works_until"]
    return Person(
        row["person_id"],
        Centre(row["centre"]),
        roles=tuple(PersonRole(role) for role in row["roles"]),
        leads=None if row["leads"] is None else Centre(row["leads"]),
        works_until=works_until,
        stand_ins=_STAND_INS.validate_json(row["stand_ins"]),
        absences=_ABSENCES.validate_json(row["absences"]),
    )


def _row(person: Person) -> tuple[Any, ...]:
    return (
        person.person_id,
        person.centre.value,
        [role.value for role in person.roles],
        None if person.leads is None else person.leads.value,
        person.works_until,
        _STAND_INS.dump_json(person.stand_ins).decode(),
        _ABSENCES.dump_json(person.absences).decode(),
    )
