"""Facts in the database: kept, folded, folded again."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid5

import asyncpg
import pytest

from deploy.rulebook.example_facts import full, least
from services.reporting.cases.case_projection import FOLLOWS_FROM, understood
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.projection import kept_facts, projection
from services.reporting.projection.rebuild import compare, rebuild
from services.reporting.projection.tables import TABLES
from services.reporting.view import queries
from services.reporting.view.queries import CaseFilter
from shared.contracts import orders
from shared.contracts.vocabulary import ControlOutcome
from shared.eventstore.database import Connection, Database
from shared.eventstore.events import Event
from shared.messaging.received_fact import ReceivedFact
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, INSPECTOR, ORDER, Feed
from tests.reporting_viewers import AUTHORITY
from tests.tampering import tampering

COURSE = (
    facts.registered(),
    facts.sent(),
    facts.delivered(),
    facts.halfway(),
    facts.accepted(),
    facts.deadline_set(),
    facts.guidance_scheduled(),
    facts.guidance_offered(),
    facts.guidance_accepted(),
    facts.guidance_held(),
    facts.documented(),
    facts.booked(announced=False),
    facts.controlled(ControlOutcome.VIOLATION),
    facts.breached(),
    facts.quarantine_imposed(),
    facts.hearing_opened(),
    facts.hearing_expired(),
    facts.order_requested(),
    facts.order_issued(),
)


async def apply(connection: Connection, received: Sequence[ReceivedFact]) -> None:
    async with connection.transaction():
        await projection.apply(connection, received)


async def rows(connection: Connection, table: str) -> list[dict[str, object]]:
    found = await connection.fetch(f"select * from {table} t order by t::text")
    return [dict(row) for row in found]


async def test_a_whole_course_is_folded_into_its_rows(connection: Connection) -> None:
    await apply(connection, Feed().receive(*COURSE))
    found = await queries.find_case(connection, AUTHORITY, AGREEMENT)
    assert found is not None
    assert (found["status"], found["followed_by"], found["industry"]) == ("breached", ORDER, "day-care")
    assert found["problem_group"] is not None
    assert await connection.fetchval("select position from checkpoint") == len(COURSE)


async def test_one_fact_at_a_time_gives_the_same_rows_as_all_in_one_batch(database: Database) -> None:
    tables = ("cases", "case_history", "tasks", "measures", "units", "quarantines")
    async with database.acquire() as connection:
        received = Feed().receive(*COURSE)
        await apply(connection, received)
        at_once = [await rows(connection, table) for table in tables]
        async with tampering(connection):
            for table in (*(table.name for table in TABLES), "facts", "facts_as_understood"):
                await connection.execute(f"delete from {table}")
        await connection.execute("update checkpoint set position = 0")
        for one in received:
            await apply(connection, [one])
        assert [await rows(connection, table) for table in tables] == at_once


async def test_positions_are_dense_and_a_repeat_is_refused(connection: Connection) -> None:
    received = Feed().receive(*COURSE)
    await apply(connection, received[:7])
    with pytest.raises(asyncpg.UniqueViolationError):
        await apply(connection, received[6:8])
    await apply(connection, received[7:])
    positions = [row["position"] for row in await connection.fetch("select position from facts order by 1")]
    assert positions == list(range(1, len(COURSE) + 1))


async def test_a_fact_of_an_unknown_type_is_kept_and_changes_no_row(connection: Connection) -> None:
    feed = Feed()
    await apply(connection, feed.receive(facts.sent()))
    before = await rows(connection, "cases")
    await apply(connection, [feed.unknown()])
    assert await rows(connection, "cases") == before
    kept = await connection.fetchrow(
        """select f.data, understood.case_id, understood.seen_by_company
           from facts f join facts_as_understood understood using (position) where f.type = 'SomethingNew'"""
    )
    assert kept is not None
    assert (json.loads(kept["data"]), kept["case_id"], kept["seen_by_company"]) == ({"answer": 42}, None, False)


async def test_what_was_folded_shows_no_drift(connection: Connection) -> None:
    await apply(connection, Feed().receive(*COURSE))
    assert await compare(connection) == []


async def test_drift_is_named_by_table_and_key_and_a_rebuild_repairs_it(connection: Connection) -> None:
    await apply(connection, Feed().receive(*COURSE))
    whole = await rows(connection, "cases")
    await connection.execute(
        "update case_core set status = 'lapsed' where audience = 'company' and case_id = $1", AGREEMENT
    )
    await connection.execute("delete from measures")
    await connection.execute("insert into units values ('9999999999', '2020-01-01', '1', 'x', 'x', 'x', 'x')")
    assert await compare(connection) == [
        f"cases: {AGREEMENT} company",
        f"measures: {AGREEMENT} {facts.MEASURE}",
        "units: 9999999999 2020-01-01",
    ]
    assert await rebuild(connection) == len(COURSE)
    assert await rows(connection, "cases") == whole
    assert await compare(connection) == []


async def test_a_rebuild_in_small_batches_gives_the_same(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await apply(connection, Feed().receive(*COURSE))
    monkeypatch.setattr("services.reporting.projection.rebuild.BATCH", 2)
    assert await compare(connection) == []


async def test_a_rebuild_folds_facts_whose_type_was_unknown_when_they_came(connection: Connection) -> None:
    feed = Feed()
    sent, delivered = feed.receive(facts.sent(), facts.delivered())
    await apply(connection, [sent, ReceivedFact(delivered.message, None)])
    assert await compare(connection) == ["facts: 2"]
    await rebuild(connection)
    assert await compare(connection) == []
    found = await queries.find_case(connection, AUTHORITY, AGREEMENT)
    assert found is not None
    assert found["status"] == "delivered"
    assert [fact["type"] for fact in await queries.timeline(connection, AUTHORITY, AGREEMENT)] == [
        "OfferSent",
        "OfferDelivered",
    ]


async def test_a_rebuild_keeps_the_units_although_the_register_was_kept_otherwise_than_today(
    connection: Connection,
) -> None:
    await apply(connection, Feed().receive(facts.registered()))
    units = await rows(connection, "units")
    assert units
    await connection.execute("update facts_as_understood set seen_by_company = not seen_by_company")
    assert await compare(connection) == ["facts: 1"]
    await rebuild(connection)
    assert await rows(connection, "units") == units
    assert await compare(connection) == []


async def test_a_fact_about_which_nothing_is_kept_is_named_and_a_rebuild_repairs_it(connection: Connection) -> None:
    await apply(connection, Feed().receive(*COURSE))
    whole = await rows(connection, "cases")
    understood = await rows(connection, "facts_as_understood")
    (newest,) = [row["position"] for row in await connection.fetch("select max(position) as position from facts")]
    await connection.execute("delete from facts_as_understood where position in (2, $1)", newest)
    assert (await compare(connection))[:2] == ["facts: 2", f"facts: {newest}"]
    assert await rebuild(connection) == len(COURSE)
    assert await rows(connection, "cases") == whole
    assert await rows(connection, "facts_as_understood") == understood
    assert await compare(connection) == []


async def test_a_type_of_facts_is_declared_once_to_follow_from_an_agreement(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild reads a fact for its agreement because the one mapping says so, and for no other reason."""
    await apply(connection, Feed().receive(*COURSE))
    followed_by = "select followed_by from cases where audience = 'authority' and case_id = $1"
    assert await connection.fetchval(followed_by, AGREEMENT) == ORDER
    order_issued: type[Event] = orders.OrderIssued
    with monkeypatch.context() as declared_otherwise:
        declared_otherwise.delitem(FOLLOWS_FROM, order_issued)
        await rebuild(connection)
        assert await connection.fetchval(followed_by, AGREEMENT) is None
    assert await compare(connection) != []
    await rebuild(connection)
    assert await connection.fetchval(followed_by, AGREEMENT) == ORDER
    assert await compare(connection) == []


@pytest.mark.parametrize("made", [least, full])
async def test_facts_that_the_release_before_kept_are_read_for_their_agreement_too(
    connection: Connection, made: Callable[[type[Event]], Event]
) -> None:
    """Such a process does not say from which agreement a fact follows; a rebuild begins with that."""
    feed = Feed()
    await apply(connection, [received for one in KNOWN_FACTS for received in feed.receive(made(one))])
    told = await rows(connection, "facts_as_understood")
    assert {row["follows"] for row in told} == {understood(made(one)).follows for one in KNOWN_FACTS}
    await connection.execute("update facts_as_understood set follows = null")
    await rebuild(connection)
    assert await rows(connection, "facts_as_understood") == told


async def test_a_rebuild_takes_facts_that_come_while_it_runs(
    connection: Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed()
    await apply(connection, feed.receive(*COURSE[:5]))
    later = iter([feed.receive(*COURSE[5:])])
    read = kept_facts.facts_by_case

    async def read_while_facts_come(*asked: Any) -> list[kept_facts.Kept]:
        async with database.acquire() as other:
            await apply(other, next(later, []))
        return await read(*asked)

    monkeypatch.setattr("services.reporting.projection.kept_facts.facts_by_case", read_while_facts_come)
    assert await rebuild(connection) == len(COURSE)
    assert await compare(connection) == []


async def test_no_table_is_read_whole_though_all_were_empty_when_its_plan_was_made(connection: Connection) -> None:
    feed = Feed()
    async with connection.transaction():
        for event in COURSE:
            await projection.apply(connection, feed.receive(event))
        read_whole = await connection.fetch(
            """select relname from pg_stat_xact_user_tables
               where schemaname = current_schema() and seq_scan > 0 and relname <> 'checkpoint'"""
        )
    assert read_whole == []


async def test_tasks_are_open_until_they_are_done(connection: Connection) -> None:
    feed = Feed()
    await apply(connection, feed.receive(facts.sent(), facts.delivered(), facts.halfway()))

    async def kinds(inspector: str) -> list[str]:
        found = await queries.tasks(connection, AUTHORITY, inspector=inspector, due_before=None, limit=10)
        return [task["kind"] for task in found]

    assert await kinds(INSPECTOR) == ["offer-unanswered"]
    assert await kinds("inspector-8") == []
    await apply(connection, feed.receive(facts.declined()))
    assert await kinds(INSPECTOR) == ["answer-received"]


async def test_many_cases_in_one_batch_stay_apart(connection: Connection) -> None:
    feed = Feed()
    ids = [uuid5(AGREEMENT, str(number)) for number in range(20)]
    batch = [fact for case_id in ids for fact in feed.receive(facts.sent(case_id), facts.delivered(case_id))]
    await apply(connection, [*batch, *feed.receive(*(facts.declined(case_id) for case_id in ids[:5]))])
    assert await queries.count_cases(connection, AUTHORITY, CaseFilter()) == {"declined": 5, "delivered": 15}


async def test_analysts_views_hold_no_name_and_leave_the_companys_rows_out(connection: Connection) -> None:
    await apply(connection, Feed().receive(*COURSE))
    views = await connection.fetch(
        "select viewname from pg_views where schemaname = 'reporting' and starts_with(viewname, 'v_')"
    )
    assert len(views) == 13
    for view in views:
        for row in await rows(connection, view["viewname"]):
            assert "Solsikken" not in str(row)
    assert await connection.fetchval("select count(*) from v_cases") == 2


async def test_analysts_read_the_views_and_nothing_else(connection: Connection, postgres_dsn: str) -> None:
    await apply(connection, Feed().receive(*COURSE))
    analyst = await asyncpg.connect(postgres_dsn, server_settings={"role": "aftale_analyst"})
    try:
        assert await analyst.fetchval("select count(*) from reporting.v_facts") == len(COURSE)
        assert await analyst.fetchval("select count(*) from reporting.v_measure_catalogue") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await analyst.fetchval("select count(*) from reporting.facts")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await analyst.execute("delete from reporting.v_tasks")
    finally:
        await analyst.close()
