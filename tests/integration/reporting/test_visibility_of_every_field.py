"""R18: for every field of every fact, and every read path of reporting: a company is shown what its marker says."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import Enum
from itertools import product
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest
from pydantic import BaseModel

from deploy.rulebook.example_facts import full, least
from services.reporting.cases.case_projection import understood
from services.reporting.cases.known_facts import FACTS
from services.reporting.projection import projection
from services.reporting.statistics import queries as statistics
from services.reporting.view import queries
from services.reporting.view.queries import CaseFilter, Period
from services.reporting.view.visible import Viewer
from shared.contracts import control, people
from shared.contracts.offers import TimeSpent
from shared.contracts.orders import OtherCaseAnnounced, OtherCaseClosed, OtherCaseKind, OtherCaseOpened
from shared.eventstore.database import Connection
from shared.eventstore.events import Event
from shared.people.people_copy import keep
from shared.visibility import markers, values_within
from tests import reporting_facts as facts
from tests.public_form import without_texts
from tests.reporting_facts import AGREEMENT, CVR, ORDER, UNIT, Feed
from tests.reporting_viewers import AUTHORITY, COMPANY

OTHER_CASE = UUID(int=77)
COURSE = (
    facts.registered(),
    facts.sent(),
    facts.delivered(),
    facts.accepted(),
    facts.deadline_set(),
    facts.documented(),
    facts.controlled(),
)
KEYS = frozenset({"agreement_id", "case_id", "cvr"})
"""They say whose the fact is; another value makes it a fact of another case."""


def fitting(fact: Event) -> Event:
    """The fact as one of the company's case."""
    its = {"agreement_id": AGREEMENT, "case_id": ORDER, "cvr": CVR, "p_number": UNIT}
    own = {name: value for name, value in its.items() if getattr(fact, name, None) is not None}
    if {"agreement_id", "case_id"} <= set(type(fact).model_fields):
        own["case_id"] = OTHER_CASE if type(fact).__name__.startswith("OtherCase") else ORDER
    elif type(fact).__name__.startswith("OtherCase"):
        own["case_id"] = OTHER_CASE
    return fact.model_copy(update=own)


def another(value: Any) -> Any:
    """A value of the same type that differs."""
    match value:
        case bool():
            return not value
        case Enum():
            return next(one for one in type(value) if one is not value)
        case int():
            return value + 1
        case str():
            return f"{value}9"
        case UUID():
            return uuid5(value, "another")
        case _ if hasattr(value, "replace") and hasattr(value, "year"):
            return value.replace(year=value.year + 1)
        case _:
            raise AssertionError(f"no other value of {value!r}")


def hidden_fields(value: BaseModel) -> Iterator[tuple[str, ...]]:
    """The paths of the fields, of a fact or of values within it, that its markers hide, and that hold something."""
    its_type: type[BaseModel] = type(value)
    shown, within = markers(its_type), values_within(its_type)
    decides = {marker.where for marker in shown.values()}
    for name in its_type.model_fields:
        before = getattr(value, name)
        if name in KEYS or name in decides or before is None:
            continue
        if name not in shown or not shown[name].holds(value):
            if name not in within and not isinstance(before, tuple | dict):
                yield (name,)
        elif name in within and before:
            yield from ((name, *path) for path in hidden_fields(before[0] if isinstance(before, tuple) else before))


def with_another(value: Any, path: Sequence[str]) -> Any:
    """The same, with another value at a path."""
    before = getattr(value, path[0])
    if len(path) == 1:
        after = another(before)
    elif isinstance(before, tuple):
        after = (with_another(before[0], path[1:]), *before[1:])
    else:
        after = with_another(before, path[1:])
    return value.model_copy(update={path[0]: after})


async def all_answers(connection: Connection, viewer: Viewer) -> dict[str, Any]:
    """Everything that can be asked of reporting, as the asker gets it."""
    cases = (AGREEMENT, ORDER, OTHER_CASE)
    listed = await queries.list_cases(connection, viewer, CaseFilter(), limit=50)
    answers: dict[str, Any] = {
        "list": plain(listed),
        "counts": await queries.count_cases(connection, viewer, CaseFilter()),
        "units": plain(await queries.units(connection, viewer, CVR)),
        "quarantines": plain(await queries.quarantines(connection, viewer, CVR, today=date(2026, 12, 31))),
        "tasks": plain(await queries.tasks(connection, viewer, limit=50)),
        "ladder": plain(await queries.ladder(connection, viewer, Period())),
        "table": plain(await queries.agreements_by_dimension(connection, viewer, Period())),
        "as known": plain(
            await queries.agreements_by_dimension(connection, viewer, Period(known_at=facts.on("2030-01-01")))
        ),
        "course": dict(await queries.course_of_agreements(connection, viewer, Period())),
        "involvement": plain(await statistics.involvement(connection, viewer, Period())),
        "use": plain(await statistics.use(connection, viewer, Period())),
        "time": plain(await statistics.time_spent(connection, viewer, Period())),
        "visits saved": plain(await statistics.visits_saved(connection, viewer, Period())),
    }
    for case_id in cases:
        case = await queries.find_case(connection, viewer, case_id)
        answers[f"case {case_id}"] = case and dict(case)
        answers[f"timeline {case_id}"] = plain(await queries.timeline(connection, viewer, case_id))
        answers[f"related {case_id}"] = plain(await queries.related_cases(connection, viewer, case_id))
        answers[f"measures {case_id}"] = plain(await queries.measures(connection, viewer, case_id))
        answers[f"places {case_id}"] = plain(await queries.places(connection, viewer, case_id))
    return answers


def plain(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


async def answers_after(connection: Connection, viewer: Viewer, *events: Event) -> dict[str, Any]:
    """In a database in which nothing else has happened; nothing of it stays."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await projection.apply(connection, Feed().receive(*COURSE, *events))
        return await all_answers(connection, viewer)
    finally:
        await transaction.rollback()


@pytest.mark.rule("R18")
async def test_no_read_path_shows_a_company_a_field_that_is_not_marked_for_it(connection: Connection) -> None:
    """R18: whatever a hidden field says, a company gets the same answers to everything."""
    told: list[str] = []
    tried = 0
    for fact_type, made in product(FACTS, (least, full)):
        fact = without_texts(fitting(made(fact_type)))
        paths = list(hidden_fields(fact))
        before = await answers_after(connection, COMPANY, fact) if paths else {}
        for path in paths:
            tried += 1
            if await answers_after(connection, COMPANY, with_another(fact, path)) != before:
                told.append(f"{fact_type.__name__}.{'.'.join(path)}")
    assert tried > 100
    assert told == []


@pytest.mark.rule("R18")
async def test_a_fact_of_which_nothing_is_shown_changes_nothing_for_a_company(connection: Connection) -> None:
    """R18: no version, count or date moves."""
    without = await answers_after(connection, COMPANY)
    for fact_type in FACTS:
        for made in (least, full):
            fact = without_texts(fitting(made(fact_type)))
            if not fact.seen_by_company():
                assert await answers_after(connection, COMPANY, fact) == without, fact


@pytest.mark.rule("R18", "R42")
@pytest.mark.parametrize("fact_type", people.FACTS, ids=lambda fact_type: fact_type.__name__)
def test_a_company_is_shown_nothing_of_what_the_directory_says_of_people(fact_type: type[Event]) -> None:
    """R18: no marker allows a field of them, and so a new field would be hidden, too."""
    for made in (least, full):
        fact = made(fact_type)
        assert markers(fact_type) == {}
        assert (fact.seen_by_company(), fact.company_data()) == (False, {})


@pytest.mark.rule("R17", "R18")
@pytest.mark.parametrize(
    "fact_type",
    [
        control.ControlPlanned,
        control.PlaceNotFound,
        control.PlaceFitsAgain,
        control.WindowAtRisk,
        control.WindowSafeAgain,
        control.NewInspectionBooked,
        control.SampleChosen,
    ],
    ids=lambda fact_type: fact_type.__name__,
)
def test_a_company_is_shown_nothing_of_how_its_visits_are_planned(fact_type: type[Event]) -> None:
    """R18: neither a day, nor that a place was sought, not found, or may be missed."""
    for made in (least, full):
        fact = made(fact_type)
        assert markers(fact_type) == {}
        assert (fact.seen_by_company(), fact.company_data()) == (False, {})


@pytest.mark.rule("R15", "R18")
def test_of_a_handing_over_a_company_is_shown_who_is_responsible_and_nothing_of_days() -> None:
    """R18: no visit, no centre, and no reason; a field that is added is shown only if it is added here, too."""
    assert set(markers(control.InspectorChanged)) == {
        "agreement_id",
        "inspector",
        "previous",
        "changed_at",
        "changed_by",
    }


@pytest.mark.rule("R18", "R42")
async def test_no_answer_to_a_company_depends_on_the_copy_of_the_directory(connection: Connection) -> None:
    """R18: neither the responsible inspector's absence, nor who stands in, nor who was not known before."""
    without = await answers_after(connection, COMPANY)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await keep(connection, [without_texts(full(fact)) for fact in people.FACTS])
        assert await connection.fetchval("select count(*) from people") == 1
        assert await answers_after(connection, COMPANY) == without
    finally:
        await transaction.rollback()


@pytest.mark.rule("R18")
async def test_a_companys_history_has_the_shown_fields_of_each_fact_and_no_others(connection: Connection) -> None:
    """R18: by the markers alone, those of values within values included."""
    for fact_type in FACTS:
        fact = without_texts(fitting(full(fact_type)))
        case_id = understood(fact).case_id
        if case_id is None or not fact.seen_by_company():
            continue
        opening = () if case_id == AGREEMENT else (facts.order_issued(), announced())
        answers = await answers_after(connection, COMPANY, *opening, fact)
        told = [one["data"] for one in answers[f"timeline {case_id}"] if one["type"] == fact_type.__name__]
        assert orjson.dumps(fact.company_data()).decode() in told, fact_type


def opened(kind: OtherCaseKind = OtherCaseKind.INSPECTION) -> Event:
    return OtherCaseOpened(
        case_id=OTHER_CASE,
        case_kind=kind,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        inspector="inspector-9",
        opened_on=facts.on("2026-09-09").date(),
        agreement_id=AGREEMENT,
    )


def announced() -> Event:
    return OtherCaseAnnounced(
        case_id=OTHER_CASE,
        case_kind=OtherCaseKind.INSPECTION,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        announced_on=facts.on("2026-08-08").date(),
        day=facts.on("2026-09-09").date(),
        agreement_id=AGREEMENT,
    )


def closed() -> Event:
    return OtherCaseClosed(case_id=OTHER_CASE, closed_on=facts.on("2026-09-10").date())


@pytest.mark.rule("R18", "R26")
@pytest.mark.parametrize("kind", [OtherCaseKind.INSPECTION, OtherCaseKind.INVESTIGATION])
async def test_an_inspection_of_another_system_is_hidden_until_it_is_closed(
    connection: Connection, kind: OtherCaseKind
) -> None:
    """R18: not in the list, counts, history, nor as what is related or followed; then as a new entry."""
    without = await answers_after(connection, COMPANY)
    assert await answers_after(connection, COMPANY, opened(kind)) == without
    answers = await answers_after(connection, COMPANY, opened(kind), closed())
    told = answers[f"case {OTHER_CASE}"]
    assert (told["status"], told["kind"], told["visible_version"]) == ("closed", kind.value, 1)
    assert told["opened_at"] == told["ended_at"], "as a new entry, not as one that stood before others all the time"
    assert [one["type"] for one in answers[f"timeline {OTHER_CASE}"]] == ["OtherCaseClosed"]
    assert [one["case_id"] for one in answers[f"related {AGREEMENT}"]] == [OTHER_CASE]
    assert answers["list"][0]["case_id"] == OTHER_CASE
    of_authority = await answers_after(connection, AUTHORITY, opened(kind))
    assert of_authority[f"case {AGREEMENT}"]["followed_by"] == OTHER_CASE


@pytest.mark.rule("R18", "R26")
async def test_an_announced_inspection_is_shown_with_its_day(connection: Connection) -> None:
    """R18: the announcement tells of it, also of what it follows from; the closing then changes its status."""
    answers = await answers_after(connection, COMPANY, opened(), announced())
    assert answers[f"case {OTHER_CASE}"]["status"] == "open"
    assert answers[f"case {AGREEMENT}"]["followed_by"] == OTHER_CASE
    assert '"day":"2026-09-09"' in answers[f"timeline {OTHER_CASE}"][0]["data"]
    answers = await answers_after(connection, COMPANY, opened(), announced(), closed())
    assert answers[f"case {OTHER_CASE}"]["status"] == "closed"


@pytest.mark.rule("R18")
async def test_another_reaction_is_shown_at_once(connection: Connection) -> None:
    """R26: it hides no day of a visit."""
    answers = await answers_after(connection, COMPANY, opened(OtherCaseKind.OTHER_REACTION))
    assert answers[f"case {OTHER_CASE}"]["status"] == "open"


def test_a_field_without_a_marker_is_hidden() -> None:
    """R18: a field that somebody adds is hidden until somebody says otherwise; so is a fact without any marker."""

    class Extended(OtherCaseClosed):
        remark: str = "x"

    class Unmarked(Event):
        case_id: UUID

    assert "remark" not in Extended(case_id=OTHER_CASE, closed_on=facts.on("2026-09-10").date()).company_data()
    assert not Unmarked(case_id=OTHER_CASE).seen_by_company()
    assert not any(marker for marker in markers(TimeSpent))
