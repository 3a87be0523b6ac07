"""Finds cases and units by what people write; every question passes through `visible` (R26).

A rare term is looked up first, by its indexes, and what has it is put in order here. Where all terms are frequent, rows
are read in the order of the answer until a page is full. PostgreSQL could not choose between the two ways: it plans
before it knows a word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from services.reporting.view.conditions import Conditions
from services.reporting.view.queries import CASES_WITH_UNIT, LISTED, CaseFilter, Found, Key, filtered
from services.reporting.view.search_terms import SearchTerm
from services.reporting.view.visible import Viewer, visible
from shared.eventstore.database import Connection

RARE = 1_000
"""Cases, or units of an answer, up to which a term is rare; also up to which cases are counted."""
_UNITS_OF_RARE = 5_000
"""Units among which the cases of a rare term are looked for."""
_BEYOND_EVERY_NUMBER = "\U0010ffff"
_INDEXES_ONLY = "set local enable_seqscan = off"
"""The server does not know when it plans how few rows a word finds."""
_IN_THE_ORDER_OF_THE_ANSWER = "set local enable_sort = off; set local enable_bitmapscan = off"
"""Nor how many: all that a frequent word finds would be read and sorted."""


@dataclass(frozen=True)
class _LookedUp:
    """What the indexes say of a term."""

    term: SearchTerm
    units: Sequence[str] | None
    """The units that have it; None where they are too many."""
    cases: frozenset[UUID] | None
    """The cases that have it; None where they are too many."""


async def search_cases(
    connection: Connection,
    viewer: Viewer,
    terms: Sequence[SearchTerm],
    asked: CaseFilter,
    *,
    after: Key | None = None,
    limit: int,
) -> tuple[list[Found], int]:
    """Returns a page of the cases that have all terms, the one opened last first, and how many there are in all.

    They are counted up to RARE + 1. Needs a transaction: until its end, PostgreSQL uses indexes only.
    """
    await connection.execute(_INDEXES_ONLY)
    where = filtered(viewer, asked)
    looked_up = [await _look_up(connection, viewer, term) for term in terms]
    rare = [one.cases for one in looked_up if one.cases is not None]
    if rare:
        where.add("c.case_id = any({}::uuid[])", list(frozenset.intersection(*rare)))
    for one in looked_up:
        if one.cases is None:
            where.add(f"({' or '.join(_ways(where, viewer, one))})")
    if rare:
        return await _page_of_rare(connection, viewer, where, after=after, limit=limit)
    return await _page_of_frequent(connection, where, after=after, limit=limit)


async def _page_of_rare(
    connection: Connection, viewer: Viewer, where: Conditions, *, after: Key | None, limit: int
) -> tuple[list[Found], int]:
    found = await connection.fetch(f"select c.opened_at, c.case_id from {CASES_WITH_UNIT} where {where}", *where.values)
    keys = sorted(((row["opened_at"], row["case_id"]) for row in found), reverse=True)
    page = [case_id for opened_at, case_id in keys if after is None or (opened_at, case_id) < after][:limit]
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    where.add("c.case_id = any({}::uuid[])", page)
    rows = await connection.fetch(f"select {LISTED} from {CASES_WITH_UNIT} where {where}", *where.values)
    return sorted(rows, key=lambda row: page.index(row["case_id"])), len(keys)


async def _page_of_frequent(
    connection: Connection, where: Conditions, *, after: Key | None, limit: int
) -> tuple[list[Found], int]:
    await connection.execute(_IN_THE_ORDER_OF_THE_ANSWER)
    counted = f"select count(*) from (select from {CASES_WITH_UNIT} where {where} limit {RARE + 1}) counted"
    number: int = await connection.fetchval(counted, *where.values)
    if after is not None:
        where.add("(c.opened_at, c.case_id) < ({}, {})", *after)
    sql = f"""select {LISTED} from {CASES_WITH_UNIT} where {where}
              order by c.opened_at desc, c.case_id desc limit {where.place(limit)}"""
    return await connection.fetch(sql, *where.values), number


async def search_units(
    connection: Connection, viewer: Viewer, term: SearchTerm, *, after: Key | None = None, limit: int
) -> list[Found]:
    """Returns a page of the units that have all words of a term, by name in Danish order, each with its days.

    Needs a transaction, as `search_cases`.
    """
    await connection.execute(_INDEXES_ONLY)
    where = _of_units(viewer, term)
    where.add("u.grams @> {}", list(term.grams))
    found = await connection.fetch(f"select {_UNIT} from units u where {where} limit {RARE + 1}", *where.values)
    if len(found) <= RARE:
        key = itemgetter("sort_key", "p_number", "effective_from")
        return [row for row in sorted(found, key=key) if after is None or key(row) > after][:limit]
    await connection.execute(_IN_THE_ORDER_OF_THE_ANSWER)
    where = _of_units(viewer, term)
    if after is not None:
        where.add("(u.sort_key, u.p_number, u.effective_from) > ({}, {}, {})", *after)
    sql = f"""select {_UNIT} from units u where {where}
              order by u.sort_key, u.p_number, u.effective_from limit {where.place(limit)}"""
    return await connection.fetch(sql, *where.values)


_UNIT = """
u.p_number, u.name, u.industry, u.sector, u.size_class, u.postcode, u.address, u.cvr, u.sort_key, u.effective_from,
(select min(later.effective_from) from units later
 where later.p_number = u.p_number and later.effective_from > u.effective_from) as effective_until
"""


async def _look_up(connection: Connection, viewer: Viewer, term: SearchTerm) -> _LookedUp:
    units = await _units_with(connection, viewer, term)
    if units is None:
        return _LookedUp(term, None, None)
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    ways = list(_ways(where, viewer, _LookedUp(term, units, None)))
    if not ways:
        return _LookedUp(term, units, frozenset())
    parts = (f"(select c.case_id from case_core c where {where} and {way} limit {RARE + 1})" for way in ways)
    found = await connection.fetch(" union all ".join(parts), *where.values)
    cases = frozenset(row["case_id"] for row in found)
    return _LookedUp(term, units, None if len(cases) > RARE else cases)


async def _units_with(connection: Connection, viewer: Viewer, term: SearchTerm) -> Sequence[str] | None:
    if not term.grams:
        return None
    where = _of_units(viewer, term)
    where.add("u.grams @> {}", list(term.grams))
    parts = [f"(select u.p_number from units u where {where} limit {_UNITS_OF_RARE + 1})"]
    if term.industries:
        of_industry = where.place(list(term.industries))
        may_see = visible(viewer).units
        parts.append(
            f"(select u.p_number from units u where {may_see} and u.industry = any({of_industry}) "
            f"limit {_UNITS_OF_RARE + 1})"
        )
    found = await connection.fetch(" union all ".join(parts), *where.values)
    return None if len(found) > _UNITS_OF_RARE else sorted({row["p_number"] for row in found})


def _of_units(viewer: Viewer, term: SearchTerm) -> Conditions:
    """For units that the asker may know of and that have all words of a term."""
    seen = visible(viewer)
    where = Conditions(seen.units, seen.values)
    where.add("u.searched like all({}::text[])", list(term.patterns))
    return where


def _ways(where: Conditions, viewer: Viewer, found: _LookedUp) -> Iterator[str]:
    """Yields the conditions of which a case `c` that has a term meets at least one."""
    term = found.term
    for number in term.numbers:
        begins, beyond = where.place(number), where.place(number + _BEYOND_EVERY_NUMBER)
        lower = '(lower(c.number) collate "C")'
        yield f"(c.number is not null and {lower} >= {begins} and {lower} < {beyond})"
    for column, values in (
        ("cvr", [term.cvr] if term.cvr else []),
        ("p_number", [*filter(None, [term.p_number]), *(found.units or ())]),
        ("topic", term.topics),
        ("problem_group", term.problem_groups),
    ):
        if values:
            yield f"c.{column} = any({where.place(list(values))}::text[])"
    if found.units is None:
        like, industries = where.place(list(term.patterns)), where.place(list(term.industries))
        has = f"u.searched like all({like}::text[]) or u.industry = any({industries}::text[])"
        may_see = visible(viewer).units
        # Without the offset PostgreSQL might read all units instead of those of the cases on the page.
        yield f"exists (select from units u where u.p_number = c.p_number and {may_see} and ({has}) offset 0)"
