"""Finds out what is not known about a unit: facts that wait, and holds because a fact was discarded (R8)."""

from asyncio import gather
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from services.offers.rules.reach_of_unprocessed_facts import UntakenFact, may_reach
from shared.contracts.control import Breached
from shared.eventstore.database import Connection
from shared.messaging.cloudevents import Message
from shared.service import Runtime

LONGEST_BREACH = 65_536
"""Most characters of a body that are searched for a breach."""


@dataclass(frozen=True)
class Unknown:
    """What is not known about a unit."""

    waiting: tuple[UntakenFact, ...]
    """Facts that wait and that name the unit, its agreement or its legal entity."""
    held: bool


async def about_units(connection: Connection, asked: Sequence[tuple[str, str]]) -> list[Unknown]:
    """Returns what is not known about each of these units, which are given as CVR and P-number.

    One query reads both: a fact that is discarded meanwhile is seen waiting or holding its units, never neither.
    """
    rows = await connection.fetch(
        """select asked.place, asked.p_number, fact.*,
                  exists (select from held_units
                          where p_number = asked.p_number and released_at is null) as held,
                  exists (select from reservations
                          where name = 'open-at/' || asked.p_number || '/' || fact.stream) as included
           from unnest($1::text[], $2::text[]) with ordinality as asked(cvr, p_number, place)
           left join lateral (
             (select distinct on (source, stream, extensions, headers ->> 'ce_type', left(headers ->> 'ce_time', 10))
                source, stream, extensions ->> 'cvr' as about_cvr, extensions ->> 'pnumber' as about_unit,
                headers ->> 'ce_type' as type, (headers ->> 'ce_schemaversion')::int as schema_version,
                (headers ->> 'ce_time')::timestamptz as occurred_at, left(body, $3) as body
              from parked
              where extensions @> jsonb_build_object('cvr', asked.cvr)
                 or extensions @> jsonb_build_object('pnumber', asked.p_number))
             union all
             -- Of a fact that its source reports and that was not received, only unit and legal entity are known.
             select source, stream, extensions ->> 'cvr', extensions ->> 'pnumber', null, null, found_at, null
             from missing
             where problem = 'missing'
               and (extensions @> jsonb_build_object('cvr', asked.cvr)
                 or extensions @> jsonb_build_object('pnumber', asked.p_number))) fact on true
           order by asked.place""",
        [cvr for cvr, _ in asked],
        [p_number for _, p_number in asked],
        LONGEST_BREACH,
    )
    return [_unknown(list(of_unit)) for _, of_unit in groupby(rows, key=lambda row: row["place"])]


def _unknown(rows: Sequence[Any]) -> Unknown:
    """Builds the result for one unit from its rows: one row for each fact that waits, or one row without a fact."""
    facts = tuple(
        UntakenFact(
            source=row["source"],
            cvr=row["about_cvr"],
            p_number=row["about_unit"],
            occurred_at=row["occurred_at"],
            breach=breach_in(row["type"], row["body"], row["schema_version"]),
            included=frozenset({row["p_number"]} if row["included"] else ()),
        )
        for row in rows
        if row["source"] is not None
    )
    return Unknown(facts, rows[0]["held"])


async def what_is_unknown(
    runtime: Runtime, cvr: str, units: Sequence[str], *, own: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Returns the P-numbers of units that are held, and of those that a waiting fact may reach.

    For units that are not in `own`, only facts about the legal entity itself count.
    """
    found = await gather(*(runtime.database.ask(about_units, (cvr, unit)) for unit in units))
    at, policies = runtime.clock.now(), runtime.policies
    held = [unit for unit, unknown in zip(units, found, strict=True) if unknown.held and unit in own]
    waiting = [
        unit
        for unit, unknown in zip(units, found, strict=True)
        if any(may_reach(fact, cvr, unit, at, policies) for fact in unknown.waiting if unit in own or fact.cvr == cvr)
    ]
    return held, waiting


async def of_message(connection: Connection, message: Message) -> UntakenFact:
    """Returns what is known of a message before it is processed, with all units of its agreement."""
    return UntakenFact(
        source=message.source,
        cvr=message.concerns.get("cvr"),
        p_number=message.concerns.get("pnumber"),
        occurred_at=message.occurred_at,
        breach=breach_in(message.type, message.body, message.schema_version),
        included=await _included(connection, message.stream),
    )


def breach_in(type_name: str | None, body: str, schema_version: int) -> Breached | None:
    """Returns the breach if the fact is one and can be parsed, else None."""
    if type_name != Breached.__name__:
        return None
    try:
        return Breached.read(body, schema_version)
    except ValueError:
        return None


async def _included(connection: Connection, agreement_id: UUID) -> frozenset[str]:
    rows = await connection.fetch(
        "select split_part(name, '/', 2) as p_number from reservations where stream = $1 and name like 'open-at/%'",
        agreement_id,
    )
    return frozenset(row["p_number"] for row in rows)
