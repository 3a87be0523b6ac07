"""The units that offers can be made to: a copy of the business register, with the day from which each fact holds."""

from collections.abc import Sequence
from datetime import date

from services.offers.rules.eligibility import Unit
from shared.contracts.register import UnitRegistered
from shared.eventstore.database import Connection
from shared.messaging.projector import Projector
from shared.messaging.received import Received


class UnitCopy(Projector):
    """Keeps the table `units` as the register publishes it."""

    async def apply(self, connection: Connection, facts: Sequence[Received]) -> None:
        """See Projector.apply."""
        units = [received.event for received in facts if isinstance(received.event, UnitRegistered)]
        await connection.executemany(
            """insert into units (p_number, effective_from, cvr, industry, name) values ($1, $2, $3, $4, $5)
               on conflict (p_number, effective_from)
               do update set cvr = excluded.cvr, industry = excluded.industry, name = excluded.name""",
            [(unit.p_number, unit.effective_from, unit.cvr, unit.industry, unit.name) for unit in units],
        )


async def units_on(connection: Connection, asked: Sequence[tuple[str, date]]) -> list[Unit | None]:
    """Each unit, by its P-number, as it is on a day; None where the register does not know it then."""
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
