"""Compares cases in a table per area with the same cases in one wide table: ./aftale bench cases_by_area [CASES].

Folds some courses, each up to another stage, and copies their rows under other ids until there are CASES of them (by
default a million: some minutes, and 15 GB on the servers of `./aftale up`). A second schema has the same rows as the
previous release stored them: one table, its indexes, and the analysts' views on it. Then the service's own queries for
lists, search, detail, figures and analysts run on both in turns; their answers must be equal. Prints medians in
milliseconds. The database is dropped afterwards.
"""

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from statistics import median
from uuid import UUID, uuid5

import asyncpg
import uvloop

from benchmarks.own_database import own_database
from benchmarks.project import COURSE
from services.reporting.projection import projection
from services.reporting.projection.tables import AREA_TABLES
from services.reporting.view import queries
from services.reporting.view.queries import CaseFilter, Period
from shared.contracts.vocabulary import ControlOutcome
from shared.eventstore.database import Connection
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, Feed
from tests.reporting_viewers import AUTHORITY, Asking

CASES = 1_000_000
REPEATS = 7
_ENOUGH_SECONDS = 30.0
"""For one query: one that takes longer is repeated less often."""
_LONGEST = 7200
"""The timeout of one statement in seconds."""
INSPECTORS = 300
CASES_OF_A_COMPANY = 40
STAGES = (
    COURSE[:1],
    COURSE[:2],
    (*COURSE[:2], facts.declined()),
    COURSE[:5],
    COURSE[:7],
    COURSE[:10],
    (*COURSE[:8], facts.controlled(ControlOutcome.VIOLATION), facts.breached(), facts.order_requested()),
    COURSE,
)
"""The stages up to which the copied courses are played."""
ONE_TABLE = "one_table"
"""The schema with the layout of the previous release."""
BY_AREA, AS_ONE_TABLE = "reporting", f"{ONE_TABLE}, reporting"
"""The search paths of the two layouts."""

_COPY = """
insert into {table} ({columns})
select {values} from {table} of_course cross join generate_series(1, $1) copy
"""
_OF_CORE = {
    "cvr": f"lpad((10000000 + copy / {CASES_OF_A_COMPANY})::text, 8, '0')",
    "p_number": f"lpad((1000000000 + copy / {CASES_OF_A_COMPANY})::text, 10, '0')",
    "inspector": f"'inspector-' || copy % {INSPECTORS}",
    "centre": "(array['north', 'east', 'south'])[1 + copy % 3]",
    "opened_at": "of_course.opened_at + copy * interval '3 minutes'",
    "next_due": "of_course.next_due + copy * interval '3 minutes'",
}
"""The columns that differ from copy to copy, so that each index can distinguish cases."""
_UNITS = """
insert into units (p_number, effective_from, cvr, name, industry, sector, size_class)
select distinct p_number, date '2020-01-01', cvr, 'unit', 'day-care', 'public', '10-34' from case_core
"""
_INDEXES = (
    *(
        f"(audience, {of}opened_at desc, case_id desc)"
        for of in ("", "cvr, ", "p_number, ", "inspector, ", "centre, ", "topic, ", "problem_group, ")
    ),
    "(audience, case_type, status, opened_at desc, case_id desc)",
    "(audience, next_due) where next_due is not null",
    "(agreement_id) where agreement_id is not null",
)
"""The indexes of the one table; the core has the same ones now."""
_VIEWS = ("v_cases", "v_guidance", "v_measures", "v_places", "v_time", "v_involvement")
Question = Callable[[Connection], Awaitable[object]]


@asynccontextmanager
async def connected(dsn: str, path: str = BY_AREA) -> AsyncIterator[Connection]:
    """Opens a connection that may create schemas, with a long timeout; its plans are kept as those of a service are."""
    settings = {"search_path": path, "plan_cache_mode": "force_generic_plan"}
    async with (
        asyncpg.create_pool(dsn, min_size=1, max_size=1, server_settings=settings, command_timeout=_LONGEST) as pool,
        pool.acquire() as connection,
    ):
        yield connection


async def fill(connection: Connection, cases: int) -> None:
    """Creates `cases` cases, in both layouts."""
    feed = Feed()
    ids = [uuid5(AGREEMENT, str(stage)) for stage in range(len(STAGES))]
    async with connection.transaction():
        for case_id, course in zip(ids, STAGES, strict=True):
            moved = [fact.model_copy(update={"agreement_id": case_id}) for fact in course]
            await projection.apply(connection, feed.receive(*moved))
    for table in AREA_TABLES:
        values = [
            "md5(of_course.case_id::text || copy)::uuid"
            if name == "case_id"
            else _OF_CORE.get(name, f"of_course.{name}")
            for name in table.columns
        ]
        sql = _COPY.format(table=table.name, columns=", ".join(table.columns), values=", ".join(values))
        await connection.execute(sql, max(0, cases // len(STAGES) - 1))
    await connection.execute(_UNITS)
    await _as_one_table(connection)
    await connection.execute("vacuum analyze")


async def _as_one_table(connection: Connection) -> None:
    """Creates the layout of the previous release, in a schema that can precede the current one in `search_path`."""
    await connection.execute(f"create schema {ONE_TABLE}")
    await connection.execute(f"create table {ONE_TABLE}.cases as select * from reporting.cases")
    await connection.execute(f"alter table {ONE_TABLE}.cases add primary key (case_id, audience)")
    for index in _INDEXES:
        await connection.execute(f"create index on {ONE_TABLE}.cases {index}")
    await connection.execute(f"set search_path = {ONE_TABLE}, reporting")
    for view in _VIEWS:
        text: str = await connection.fetchval(f"select pg_get_viewdef('reporting.{view}'::regclass)")
        for name in ("cases", "v_cases"):
            text = text.replace(f"reporting.{name} ", f"{ONE_TABLE}.{name} ")
        await connection.execute(f"create view {ONE_TABLE}.{view} as {text}")
    await connection.execute("set search_path = reporting")


def questions(a_case: UUID, a_company: str) -> Mapping[str, Question]:
    """Returns the queries by name."""
    company = Asking("company", a_company)
    return {
        "list, newest first": lambda c: queries.list_cases(c, AUTHORITY, CaseFilter(), limit=50),
        "list of an inspector": lambda c: _of(c, CaseFilter(inspector="inspector-7")),
        "list by status": lambda c: _of(c, CaseFilter(case_type="agreement", status="awaiting_control")),
        "list of a company, by itself": lambda c: queries.list_cases(c, company, CaseFilter(cvr=a_company), limit=50),
        "search by unit": lambda c: _of(c, CaseFilter(p_number="1000000001")),
        "search by due time": lambda c: _of(c, CaseFilter(due_before=facts.on("2026-05-01"))),
        "count of an inspector": lambda c: queries.count_cases(c, AUTHORITY, CaseFilter(inspector="inspector-7")),
        "count of all": lambda c: queries.count_cases(c, AUTHORITY, CaseFilter()),
        "detail": lambda c: queries.find_case(c, AUTHORITY, a_case),
        "figures by dimension": lambda c: queries.agreements_by_dimension(c, AUTHORITY, Period()),
        "figures of the course": lambda c: queries.course_of_agreements(c, AUTHORITY, Period()),
        "v_cases, one case": lambda c: c.fetch("select * from v_cases where case_id = $1", a_case),
        "v_cases by status": lambda c: c.fetch("select status, count(*) from v_cases group by 1 order by 1"),
        "v_cases, all columns": lambda c: c.fetch("select sum(hashtextextended(v::text, 0)::numeric) from v_cases v"),
        "v_time by phase": lambda c: c.fetch("select phase, sum(minutes) from v_time group by 1 order by 1"),
        "v_guidance by standing": lambda c: c.fetch("select stands, count(*) from v_guidance group by 1 order by 1"),
    }


def _of(connection: Connection, asked: CaseFilter) -> Awaitable[object]:
    return queries.list_cases(connection, AUTHORITY, asked, limit=50)


async def ask_both(
    one_table: Connection, by_area: Connection, asked: Question, repeats: int
) -> tuple[list[float], list[float]]:
    """Runs a query on both layouts in turns; returns the seconds of each. Raises AssertionError if answers differ."""
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(repeats + 1):  # the first repetition warms up
        if number > 1 and sum(map(sum, took)) > _ENOUGH_SECONDS:
            break
        answers = []
        for seconds, connection in zip(took, (one_table, by_area), strict=True):
            begun = time.perf_counter()
            answers.append(await asked(connection))
            seconds.append(time.perf_counter() - begun)
        assert answers[0] == answers[1], "the two layouts answer differently"
    return took[0][1:], took[1][1:]


async def sizes(connection: Connection) -> tuple[int, int]:
    """Returns the bytes of the one table, and of the tables by area, with indexes."""
    by_area = ", ".join(f"'reporting.{table.name}'" for table in AREA_TABLES)
    one: int = await connection.fetchval(f"select pg_total_relation_size('{ONE_TABLE}.cases')")
    areas: int = await connection.fetchval(
        f"select sum(pg_total_relation_size(t::regclass)) from unnest(array[{by_area}]) t"
    )
    return one, areas


async def _measure(dsn: str, cases: int) -> None:
    async with connected(dsn) as connection:
        await fill(connection, cases)
    async with connected(dsn, AS_ONE_TABLE) as one_table, connected(dsn) as by_area:
        await _tell(one_table, by_area, cases)


async def one_that_ended(connection: Connection) -> tuple[UUID, str]:
    """Returns a case that has been through all its areas, and its company."""
    (found,) = await connection.fetch(
        "select case_id, cvr from case_core where status = 'fulfilled' order by 1 limit 1"
    )
    return found["case_id"], found["cvr"]


async def _tell(one_table: Connection, by_area: Connection, cases: int) -> None:
    one, areas = await sizes(by_area)
    print(f"{cases:,} cases; one table {one / 2**20:,.0f} MB, by area {areas / 2**20:,.0f} MB, with indexes")
    print(f"{f'ms, median of at most {REPEATS}':32} {'one table':>10} {'by area':>10}")
    for name, asked in questions(*await one_that_ended(by_area)).items():
        before, after = await ask_both(one_table, by_area, asked, REPEATS)
        print(f"{name:32} {median(before) * 1e3:10.2f} {median(after) * 1e3:10.2f}")


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    with own_database("cases_by_area") as dsn:
        uvloop.run(_measure(dsn, cases))


if __name__ == "__main__":
    main()
