"""A case's row in the tables of its areas: what a list reads, what a fact writes, what the release before sees."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from services.reporting.cases.case import Case
from services.reporting.cases.columns import LIST, columns_of
from services.reporting.projection import projection
from services.reporting.projection.rebuild import compare, rebuild
from services.reporting.projection.rows_at_hand import RowsAtHand
from services.reporting.projection.tables import AREA_TABLES, TABLES
from services.reporting.view import queries
from services.reporting.view.queries import CaseFilter
from shared.contracts.vocabulary import ControlOutcome
from shared.eventstore.database import Connection
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CVR, Feed
from tests.reporting_viewers import AUTHORITY, COMPANY

COURSE = (
    facts.registered(),
    facts.sent(),
    facts.delivered(),
    facts.accepted(),
    facts.deadline_set(),
    facts.guidance_scheduled(),
    facts.guidance_offered(),
    facts.documented(),
    facts.booked(announced=False),
    facts.controlled(ControlOutcome.VIOLATION),
    facts.breached(),
    facts.order_requested(),
    facts.order_issued(),
)
UNKNOWN_TO_THE_RELEASE_BEFORE = {"carried_over_to", "open_conflicts", "centre", "changed_units"}
WHOLE = tuple(name for name in columns_of(Case) if name not in UNKNOWN_TO_THE_RELEASE_BEFORE)
"""The columns of the one table that a process of the release before knows, in whatever order it names them."""
ITS_SWITCH = (
    """delete from cases live where not exists (
         select from cases_rebuilt rebuilt where live.case_id = rebuilt.case_id and live.audience = rebuilt.audience
           and row(live.*) is not distinct from row(rebuilt.*))""",
    "insert into cases select * from cases_rebuilt on conflict do nothing",
)
"""How it switches to what it has rebuilt."""


async def apply(connection: Connection, *events: Event) -> None:
    async with connection.transaction():
        await projection.apply(connection, Feed().receive(*events))


async def contents(connection: Connection, tables: Sequence[str]) -> dict[str, list[str]]:
    """All rows of some tables."""
    return {
        table: [row[0] for row in await connection.fetch(f"select t::text from {table} t order by 1")]
        for table in tables
    }


BY_AREA = tuple(table.name for table in AREA_TABLES)


@pytest.mark.parametrize("viewer", [AUTHORITY, COMPANY], ids=["authority", "company"])
@pytest.mark.parametrize("question", ["list", "count", "related"])
async def test_a_list_reads_no_area_but_the_core(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, viewer: Any, question: str
) -> None:
    """R26: however many areas a case has, lists and search stay one query with one index each."""
    await apply(connection, *COURSE)
    read: set[str] = set()
    fetch = connection.fetch

    async def note(sql: str, *values: object) -> Any:
        (plan,) = await fetch(f"explain (format json) {sql}", *values)
        read.update(tables_of(json.loads(plan[0])))
        return await fetch(sql, *values)

    class Noting:
        """A connection that notes which tables a question reads."""

        def __getattr__(self, name: str) -> Any:
            return note if name == "fetch" else getattr(connection, name)

    noting: Any = Noting()
    match question:
        case "list":
            everything = CaseFilter(cvr=CVR, p_number=facts.UNIT, status="breached", due_before=facts.on("2027-01-01"))
            await queries.list_cases(noting, viewer, everything, limit=10)
        case "count":
            await queries.count_cases(noting, viewer, CaseFilter(industry="day-care"))
        case _:
            await queries.related_cases(noting, viewer, AGREEMENT, limit=10)
    assert "case_core" in read
    assert {table for table in read if table.startswith("case_")} == {"case_core"}


def tables_of(plan: Any) -> set[str]:
    """The tables that a plan reads."""
    if isinstance(plan, dict):
        own = {plan["Relation Name"]} if "Relation Name" in plan else set()
        return own.union(*map(tables_of, plan.values()))
    return set().union(*map(tables_of, plan)) if isinstance(plan, list) else set()


def test_a_list_shows_columns_of_the_core_only() -> None:
    listed = {name for name, column in columns_of(Case).items() if column.shown & LIST}
    assert listed <= set(AREA_TABLES[0].columns)


async def test_a_fact_writes_the_core_and_the_areas_that_it_changes(connection: Connection) -> None:
    """An area in which nothing has happened has no row; what did not change stays the row that it was."""
    feed, at_hand = Feed(), RowsAtHand()

    async def written(*events: Event) -> set[str]:
        before = await versions(connection)
        async with connection.transaction():
            await projection.apply(connection, feed.receive(*events), at_hand)
        after = await versions(connection)
        return {table for table in after if after[table] != before[table]}

    assert await written(facts.sent()) == {"case_core", "case_deadlines"}
    assert await written(facts.delivered()) == {"case_core", "case_deadlines", "case_offer"}
    assert await written(facts.halfway()) == {"case_core", "case_offer"}
    assert await written(facts.accepted()) == {"case_core", "case_offer"}
    assert await written(facts.deadline_set()) == {"case_core", "case_deadlines"}
    assert await written(facts.guidance_scheduled()) == {"case_core", "case_deadlines", "case_guidance"}
    assert await written(facts.guidance_fell_due()) == {"case_core", "case_guidance"}
    assert await written(facts.documented()) == {"case_core", "case_control", "case_deadlines"}
    assert await written(facts.order_issued(agreement_id=None)) == {"case_core", "case_order"}


async def versions(connection: Connection) -> dict[str, set[tuple[Any, ...]]]:
    """The rows of each area by the transaction that wrote them."""
    return {
        table: {tuple(row) for row in await connection.fetch(f"select case_id, audience, xmin::text from {table}")}
        for table in BY_AREA
    }


async def test_what_the_release_before_writes_is_split_and_what_is_split_it_reads_whole(connection: Connection) -> None:
    """It writes whole rows into the views, deletes them, and rebuilds; nothing is lost either way."""
    await apply(connection, *COURSE)
    split = await contents(connection, BY_AREA)
    ids = [AGREEMENT, facts.ORDER]
    names = ", ".join(WHOLE)
    whole = await connection.fetch(f"select {names} from cases where case_id = any($1::uuid[])", ids)
    assert len(whole) == len(await connection.fetch("select from case_core"))

    await connection.execute("delete from cases where case_id = any($1::uuid[])", ids)
    assert set(map(len, (await contents(connection, BY_AREA)).values())) == {0}
    await connection.copy_records_to_table("cases", records=map(tuple, whole), columns=list(WHOLE))
    assert await contents(connection, BY_AREA) == split

    await connection.execute("delete from cases_rebuilt")
    await connection.copy_records_to_table("cases_rebuilt", records=map(tuple, whole), columns=list(WHOLE))
    await connection.execute("update case_core set status = 'lapsed'")
    await connection.execute("delete from case_control")
    for statement in ITS_SWITCH:
        await connection.execute(statement)
    assert await contents(connection, BY_AREA) == split
    assert await compare(connection) == []


async def test_a_rebuild_fills_and_mends_every_area(connection: Connection) -> None:
    await apply(connection, *COURSE)
    whole = await contents(connection, [table.name for table in TABLES])
    for table in BY_AREA:
        await connection.execute(f"delete from {table} where audience = 'authority'")
    assert f"cases: {AGREEMENT} authority" in await compare(connection)
    await rebuild(connection)
    assert await contents(connection, [table.name for table in TABLES]) == whole


async def test_a_row_that_is_read_from_its_areas_is_the_row_that_was_written(connection: Connection) -> None:
    """Another process, that has no rows at hand, goes on where this one stopped."""
    feed = Feed()
    for event in COURSE:
        async with connection.transaction():
            await projection.apply(connection, feed.receive(event), RowsAtHand())
    one_by_one = await contents(connection, BY_AREA)
    await rebuild(connection)
    assert await contents(connection, BY_AREA) == one_by_one
    assert UUID(int=0) not in {row["case_id"] for row in await connection.fetch("select case_id from cases")}
