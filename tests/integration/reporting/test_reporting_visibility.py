"""What a company is shown counts only the facts that it may know of (R18), in every question."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.reporting.projection import projection
from services.reporting.projection.tables import TABLES
from services.reporting.view import queries
from services.reporting.view.queries import CaseFilter, Period
from services.reporting.view.visible import Viewer
from shared.contracts.control import DecisionRevoked, Fulfilled
from shared.contracts.vocabulary import Decision
from shared.eventstore.database import Connection
from shared.eventstore.events import Event
from shared.http.pages import cursor_of, instant, read_cursor, uuid
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CVR, ORDER, OTHER_CVR, Feed
from tests.reporting_viewers import AUTHORITY, COMPANY, NOBODY, OTHER_COMPANY
from tests.tampering import tampering

SECOND, THIRD, FOREIGN = (uuid5(AGREEMENT, name) for name in ("second", "third", "foreign"))
BEFORE = (
    facts.registered(),
    facts.sent(),
    facts.delivered(),
    facts.accepted(),
    facts.deadline_set(),
    facts.documented(),
    facts.sent(SECOND, at="2026-03-05", topic="081"),
    facts.sent(THIRD, at="2026-03-06", topic="054"),
    facts.sent(FOREIGN, at="2026-03-07", cvr=OTHER_CVR, topic="053"),
)
AFTER = (facts.controlled(), facts.fulfilled())


async def take(connection: Connection, *events: Event) -> None:
    async with connection.transaction():
        await projection.apply(connection, Feed().receive(*events))


async def forget(connection: Connection) -> None:
    async with tampering(connection):
        for table in ("facts", "facts_as_understood", *(table.name for table in TABLES)):
            await connection.execute(f"delete from {table}")
        await connection.execute("update checkpoint set position = 0")


async def all_answers(connection: Connection, viewer: Viewer) -> dict[str, Any]:
    """Everything that can be asked, as the asker gets it."""
    first = await queries.list_cases(connection, viewer, CaseFilter(), limit=2)
    cursor = (first[-1]["opened_at"], first[-1]["case_id"]) if first else None
    rest = await queries.list_cases(connection, viewer, CaseFilter(), after=cursor, limit=50)
    due = CaseFilter(due_before=facts.on("2027-01-01"))
    case = await queries.find_case(connection, viewer, AGREEMENT)
    answers: dict[str, Any] = {
        "list": [dict(row) for row in (*first, *rest)],
        "cursor": str(cursor),
        "due": [dict(row) for row in await queries.list_cases(connection, viewer, due, limit=50)],
        "counts": await queries.count_cases(connection, viewer, CaseFilter()),
        "case": case and dict(case),
        "timeline": _plain(await queries.timeline(connection, viewer, AGREEMENT)),
        "related": _plain(await queries.related_cases(connection, viewer, AGREEMENT)),
        "measures": _plain(await queries.measures(connection, viewer, AGREEMENT)),
        "tasks": _plain(await queries.tasks(connection, viewer, inspector=None, due_before=None, limit=50)),
        "units": _plain(await queries.units(connection, viewer, CVR)),
        "quarantines": _plain(await queries.quarantines(connection, viewer, CVR, today=date(2026, 12, 31))),
        "ladder": _plain(await queries.ladder(connection, viewer, Period())),
        "table": _plain(await queries.agreements_by_dimension(connection, viewer, Period())),
        "table as known": _plain(
            await queries.agreements_by_dimension(connection, viewer, Period(known_at=facts.on("2026-06-14")))
        ),
        "course": dict(await queries.course_of_agreements(connection, viewer, Period())),
    }
    return answers


def _plain(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


async def test_a_hidden_booking_changes_nothing_that_a_company_is_shown(connection: Connection) -> None:
    hidden = facts.booked(announced=False)
    for after in ((), AFTER):
        await take(connection, *BEFORE, *after)
        without, of_authority = await all_answers(connection, COMPANY), await all_answers(connection, AUTHORITY)
        await forget(connection)
        await take(connection, *BEFORE, hidden, *after)
        assert await all_answers(connection, COMPANY) == without
        assert await all_answers(connection, AUTHORITY) != of_authority
        await forget(connection)


async def test_an_announced_booking_is_shown_but_nothing_of_other_bookings(connection: Connection) -> None:
    await take(connection, *BEFORE, facts.booked(announced=True))
    newest = (await queries.timeline(connection, COMPANY, AGREEMENT))[-1]
    assert newest["type"] == "ControlBooked"
    assert json.loads(newest["data"])["day"] == "2026-06-15"
    assert json.loads(newest["data"]).keys().isdisjoint({"replaces", "slot"})
    of_authority = (await queries.timeline(connection, AUTHORITY, AGREEMENT))[-1]
    assert json.loads(of_authority["data"]).keys() >= {"replaces", "slot"}


async def test_a_companys_timeline_is_numbered_without_gaps(connection: Connection) -> None:
    await take(connection, *BEFORE, facts.guidance_scheduled(), facts.booked(announced=False), *AFTER)
    numbers = [fact["number"] for fact in await queries.timeline(connection, COMPANY, AGREEMENT)]
    assert numbers == list(range(1, 8))


async def test_a_company_sees_nothing_of_another_one(connection: Connection) -> None:
    await take(
        connection, *BEFORE, facts.controlled(), facts.breached(), facts.quarantine_imposed(), facts.order_issued()
    )
    answers = await all_answers(connection, OTHER_COMPANY)
    assert [row["case_id"] for row in answers["list"]] == [FOREIGN]
    assert answers["counts"] == {"offered": 1}
    assert answers["course"]["offered"] == 1
    for name in ("due", "timeline", "related", "measures", "tasks", "units", "quarantines", "ladder"):
        assert answers[name] == [], name
    assert answers["case"] is None


async def test_who_represents_no_company_sees_nothing(connection: Connection) -> None:
    await take(connection, *BEFORE, facts.order_issued())
    answers = await all_answers(connection, NOBODY)
    assert not any(answers[name] for name in answers if name not in ("course", "cursor"))
    assert answers["course"]["offered"] == 0


async def test_a_case_that_is_only_a_link_from_another_one_is_shown_to_nobody(connection: Connection) -> None:
    await take(connection, facts.order_issued())
    assert await queries.count_cases(connection, AUTHORITY, CaseFilter()) == {"issued": 1}
    assert await queries.find_case(connection, AUTHORITY, AGREEMENT) is None


async def test_pages_hold_every_case_once_though_cases_come_in_between(connection: Connection) -> None:
    feed = Feed()
    ids = [uuid5(AGREEMENT, str(number)) for number in range(7)]
    async with connection.transaction():
        await projection.apply(connection, feed.receive(*(facts.sent(case_id) for case_id in ids)))
    seen: list[UUID] = []
    cursor = None
    while page := await queries.list_cases(connection, AUTHORITY, CaseFilter(), after=cursor, limit=3):
        seen += [row["case_id"] for row in page]
        cursor = read_cursor(cursor_of(page[-1]["opened_at"], page[-1]["case_id"]), instant, uuid)
        newer = facts.sent(uuid5(AGREEMENT, f"newer {len(seen)}"), at="2026-04-01")
        async with connection.transaction():
            await projection.apply(connection, feed.receive(newer))
    assert seen == sorted(ids, reverse=True)


async def test_filters_narrow_the_list(connection: Connection) -> None:
    await take(connection, *BEFORE, facts.order_issued())

    async def ids(asked: CaseFilter) -> set[UUID]:
        return {row["case_id"] for row in await queries.list_cases(connection, AUTHORITY, asked, limit=50)}

    assert await ids(CaseFilter(topic="081")) == {SECOND}
    assert await ids(CaseFilter(cvr=OTHER_CVR)) == {FOREIGN}
    assert await ids(CaseFilter(case_type="order")) == {ORDER}
    assert await ids(CaseFilter(status="awaiting_control")) == {AGREEMENT}
    assert await ids(CaseFilter(problem_group="musculoskeletal", case_type="agreement")) >= {AGREEMENT}
    assert await ids(CaseFilter(industry="day-care", topic="056")) == {AGREEMENT, ORDER}
    assert await ids(CaseFilter(industry="mink-farming")) == set()
    assert await ids(CaseFilter(inspector="inspector-8")) == set()
    assert await ids(CaseFilter(p_number="1000000000")) == set()
    assert await ids(CaseFilter(due_before=facts.on("2026-07-31"))) == set()
    assert await ids(CaseFilter(due_before=facts.on("2026-08-02"))) == {AGREEMENT}


async def test_a_table_shows_the_status_that_held_and_was_known(connection: Connection) -> None:
    await take(connection, *BEFORE, *AFTER)

    async def fulfilled(period: Period) -> int | None:
        table = await queries.agreements_by_dimension(connection, AUTHORITY, period)
        return next((row["fulfilled"] for row in table if row["dimension"] == "all"), None)

    assert await fulfilled(Period()) == 1
    assert await fulfilled(Period(known_at=facts.on("2026-06-14"))) == 0
    assert await fulfilled(Period(held_at=facts.on("2026-06-14"))) == 0
    assert await fulfilled(Period(held_at=facts.on("2026-06-16"), known_at=facts.on("2026-06-16"))) == 1
    assert await fulfilled(Period(known_at=facts.on("2020-01-01"))) is None
    assert await fulfilled(Period(opened_from=facts.on("2026-03-05", 0))) == 0


async def test_the_ladder_counts_measures_with_the_use_seen_last(connection: Connection) -> None:
    await take(connection, *BEFORE, *AFTER, facts.follow_up_held())
    (row,) = await queries.ladder(connection, AUTHORITY, Period())
    counted = ("ladder", "level", "problem_group", "measures", "agreements", "verified", "limited", "not_in_use")
    assert tuple(row[name] for name in counted) == ("general", 3, "musculoskeletal", 1, 1, 1, 0, 1)


async def test_a_unit_is_counted_as_it_was_when_the_case_was_opened(connection: Connection) -> None:
    later = facts.registered(since="2026-05-01", industry="primary-school")
    await take(connection, facts.registered(), later, facts.sent())
    (row,) = await queries.list_cases(connection, AUTHORITY, CaseFilter(), limit=2)
    assert row["industry"] == "day-care"


async def test_the_course_tells_shares_and_days(connection: Connection) -> None:
    await take(connection, *BEFORE, facts.guidance_offered(), facts.guidance_held(), *AFTER)
    course = await queries.course_of_agreements(connection, AUTHORITY, Period())
    assert (course["offered"], course["accepted"], course["guidance_taken"]) == (4, 1, 1)
    assert (course["controlled"], course["controlled_within_60_days"]) == (1, 1)
    assert course["documentation_to_control"].days == 14


async def take_later(connection: Connection, feed: Feed, day: str, *events: Event) -> None:
    """Recorded on a day, whatever times the facts tell."""
    at = facts.on(day)
    told = [one._replace(message=replace(one.message, occurred_at=at, recorded_at=at)) for one in feed.receive(*events)]
    async with connection.transaction():
        await projection.apply(connection, told)


@pytest.mark.rule("R26", "R30")
async def test_a_control_that_is_recorded_late_counts_from_the_day_on_which_it_was_held(
    connection: Connection,
) -> None:
    """Held on the 13th, recorded on the 23rd; on the 20th, when nobody knew yet, another day was booked."""
    feed, held = Feed(), facts.on("2026-06-13")
    course = (facts.sent(), facts.delivered(), facts.accepted(), facts.deadline_set(), facts.documented())
    await take_later(connection, feed, "2026-06-01", *course)
    booked = facts.booked(announced=False).model_copy(update={"booked_at": facts.on("2026-06-20")})
    await take_later(connection, feed, "2026-06-20", booked)
    fulfilled = Fulfilled(agreement_id=AGREEMENT, fulfilled_at=held)
    await take_later(connection, feed, "2026-06-23", facts.controlled(), fulfilled)

    async def status(held_at: str, known_at: str | None = None) -> list[str]:
        period = Period(held_at=facts.on(held_at), known_at=None if known_at is None else facts.on(known_at))
        table = await queries.agreements_by_dimension(connection, AUTHORITY, period)
        return [row["value"] for row in table if row["dimension"] == "status"]

    assert await status("2026-06-14") == ["fulfilled"]
    assert await status("2026-06-21") == ["fulfilled"]
    assert await status("2026-06-24") == ["fulfilled"]
    assert await status("2026-06-12") == await status("2026-06-14", known_at="2026-06-22") == ["awaiting_control"]
    revoked = DecisionRevoked(
        agreement_id=AGREEMENT,
        decision=Decision.FULFILLED,
        cvr=CVR,
        revoked_at=facts.on("2026-06-25"),
        revoked_by="inspector-1",
    )
    await take_later(connection, feed, "2026-06-25", revoked)
    assert await status("2026-06-14") == ["awaiting_control"]
    assert await status("2026-06-14", known_at="2026-06-24") == ["fulfilled"]
    breached = facts.breached().model_copy(update={"breached_at": held})
    await take_later(connection, feed, "2026-06-25", breached)
    assert await status("2026-06-14") == await status("2026-06-26") == ["breached"]
