"""Copies the business register: the units that may get offers, with the day from which each fact holds."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import uuid4

from services.offers.rules.eligibility import Unit
from services.offers.rules.unit_change_schedule import UNIT, LearnChange, unit_stream
from services.offers.rules.unit_changes import Owner, Owners
from shared.contracts.register import FACTS, UnitCeased, UnitRegistered
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Connection
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging.projector import Projector
from shared.messaging.received_fact import Fact, ReceivedFact
from shared.messaging.reconciliation_state import AskAgain
from shared.service import Runtime


class UnitCopy(Projector):
    """Keeps the table `units` as the register publishes it, and records which units change their legal entity."""

    def __init__(self, runtime: Runtime, *, ask_again: AskAgain) -> None:
        super().__init__(runtime.database, EventTypes(FACTS), own_source=runtime.name, ask_again=ask_again)
        self._runtime = runtime

    async def take(self, facts: Sequence[Fact]) -> None:
        """Implements Consumer.take. Records changes first: processing the facts again after a crash changes nothing."""
        await self._learn([received for _, received in facts])
        await super().take(facts)

    async def apply(self, connection: Connection, facts: Sequence[ReceivedFact]) -> None:
        """Implements Projector.apply."""
        await connection.executemany(
            """insert into units (p_number, effective_from, cvr, industry, name) values ($1, $2, $3, $4, $5)
               on conflict (p_number, effective_from)
               do update set cvr = excluded.cvr, industry = excluded.industry, name = excluded.name""",
            [tuple(row) for row in map(_row, facts) if row is not None],
        )

    async def _learn(self, facts: Sequence[ReceivedFact]) -> None:
        """Records changes only of units that have had more than one legal entity, because most never change it."""
        told = [row for row in map(_row, facts) if row is not None]
        async with self.database.acquire() as connection:
            known = await owners_of(connection, list({row.p_number for row in told}))
        had = {p_number: {owner.cvr for owner in owners} for p_number, owners in known.items()}
        for row in told:
            had.setdefault(row.p_number, set()).add(row.cvr)
        for row in told:
            if len(had[row.p_number]) > 1:
                await learn(self._runtime, row.p_number, Owner(row.since, row.cvr))


class _Row(NamedTuple):
    """A row of the table `units`."""

    p_number: str
    since: date
    cvr: str | None
    industry: str | None
    name: str | None


def _row(received: ReceivedFact) -> _Row | None:
    match received.event:
        case UnitRegistered() as unit:
            return _Row(unit.p_number, unit.effective_from, unit.cvr, unit.industry, unit.name)
        case UnitCeased() as unit:
            return _Row(unit.p_number, unit.effective_from, None, None, None)
        case _:
            return None


async def learn(runtime: Runtime, p_number: str, owner: Owner) -> None:
    """R40: records that a unit has another legal entity from a day on; records nothing if that is known already."""
    now = runtime.clock.now()
    command = LearnChange(now, p_number, owner.since, owner.cvr)
    metadata = Metadata(command_id=uuid4(), actor=runtime.name)
    await execute(runtime.store, [Intent(UNIT, unit_stream(p_number), command)], at=now, metadata=metadata)


async def owners_of(connection: Connection, p_numbers: Sequence[str]) -> dict[str, Owners]:
    """Returns each unit's legal entities and from which day on, as the register has them; leaves out unknown units."""
    rows = await connection.fetch(
        """select owned.p_number, owned.effective_from, owned.cvr from units owned
           where owned.p_number = any($1::text[]) order by owned.p_number, owned.effective_from""",
        p_numbers,
    )
    found: dict[str, list[Owner]] = {}
    for row in rows:
        found.setdefault(row["p_number"], []).append(Owner(row["effective_from"], row["cvr"]))
    return dict(found)


async def units_on(connection: Connection, asked: Sequence[tuple[str, date]]) -> list[Unit | None]:
    """Returns each unit, by its P-number, as it is on a day; None if the register does not know the unit then."""
    rows = await connection.fetch(
        """select unit.p_number, unit.cvr, unit.industry, unit.name
           from unnest($1::text[], $2::date[]) with ordinality as asked(p_number, day, place)
           left join lateral (select p_number, cvr, industry, name from units
                              where p_number = asked.p_number and effective_from <= asked.day
                              order by effective_from desc limit 1) unit on true
           order by asked.place""",
        [p_number for p_number, _ in asked],
        [day for _, day in asked],
    )
    return [
        Unit(row["p_number"], row["cvr"], row["industry"], row["name"]) if row["p_number"] else None for row in rows
    ]
