"""The facts of a company's cases as it may know them, and the rows that these fold to (R18)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import orjson

from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.cases.measures import rules as measure_rules
from services.reporting.cases.places import rules as place_rules
from services.reporting.view.conditions import Conditions
from shared.eventstore.database import Connection
from shared.eventstore.events import Event

Row = TypeVar("Row", bound=NamedTuple)


async def timeline(connection: Connection, where: Conditions) -> list[dict[str, Any]]:
    """Returns what happened in a company's case, numbered by what it may know of.

    Data are upcast before they are filtered.
    """
    sql = f"""select f.type, f.schema_version, f.data, f.occurred_at, f.actor, f.on_behalf_of, f.policy, f.origin
              from facts f join facts_as_understood understood on understood.position = f.position
              join cases c on c.case_id = understood.case_id
              where {where} and understood.seen_by_company order by f.occurred_at, f.position"""
    facts = [(row, _event(row)) for row in await connection.fetch(sql, *where.values)]
    shown = [(row, event) for row, event in facts if event.seen_by_company()]
    at: Counter[datetime] = Counter()
    return [
        {
            "number": number,
            "nth": _next(at, row["occurred_at"]),
            **{name: row[name] for name in ("type", "occurred_at", "actor", "on_behalf_of", "policy", "origin")},
            "data": orjson.dumps(event.company_data()).decode(),
        }
        for number, (row, event) in enumerate(shown, 1)
    ]


def _next(at: Counter[datetime], instant: datetime) -> int:
    """Which of the facts of one instant this is."""
    at[instant] += 1
    return at[instant]


async def measures(connection: Connection, where: Conditions) -> str:
    """Returns the measures of a company's cases as a table in SQL, and adds the value that it needs to `where`."""
    return await _table(connection, where, measure_rules, "measures")


async def places(connection: Connection, where: Conditions) -> str:
    """Returns the places of a company's cases as a table in SQL, and adds the value that it needs to `where`."""
    return await _table(connection, where, place_rules, "places")


async def _table(
    connection: Connection, where: Conditions, rules: Rules[Mapping[UUID, Row], Mapping[UUID, Row]], name: str
) -> str:
    sql = f"""select understood.case_id, f.type, f.schema_version, f.data
              from facts f join facts_as_understood understood on understood.position = f.position
              join cases c on c.case_id = understood.case_id
              where {where} and understood.seen_by_company and f.type = any(${len(where.values) + 1})
              order by understood.case_id, f.position"""
    found = await connection.fetch(sql, *where.values, [fact.__name__ for fact in rules.facts])
    of_cases = groupby(found, key=itemgetter("case_id"))
    rows = [row for _, of_case in of_cases for row in _folded(rules, map(_event, of_case)).values()]
    told = orjson.dumps([row._asdict() for row in rows]).decode()
    return f"jsonb_populate_recordset(null::{name}, {where.place(told)}::jsonb)"


def _folded(rules: Rules[Mapping[UUID, Row], Mapping[UUID, Row]], facts: Iterable[Event]) -> Mapping[UUID, Row]:
    rows: Mapping[UUID, Row] = {}
    for fact in facts:
        if fact.seen_by_company():
            told = fact.as_company_sees()
            applied: Sequence[Callable[[Mapping[UUID, Row], Any], Mapping[UUID, Row]]] = rules.about(type(fact))
            for rule in applied:
                rows = rule(rows, told)
    return rows


def _event(row: Any) -> Event:
    """Of a type that is known: others are marked as seen by no company."""
    return KNOWN_FACTS.read(row["type"], row["data"], row["schema_version"])
