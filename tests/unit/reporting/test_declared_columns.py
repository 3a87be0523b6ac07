"""A column of a case is declared once: all else that names it is compared with the declaration, or follows from it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from pydantic import BaseModel

from deploy.rulebook.example_facts import full, least
from services.reporting.cases.case import AREAS, Case, unopened
from services.reporting.cases.case_projection import Draft, rules_about, type_of_case
from services.reporting.cases.case_types import CaseType
from services.reporting.cases.columns import ANALYSTS, DETAIL, LIST, columns_of
from services.reporting.projection.tables import AREA_TABLES, Table
from services.reporting.view.models import CaseDetail, CaseItem
from shared.contracts import control, guidance, offers, orders
from shared.eventstore.events import Event

AT = datetime(2026, 3, 5, tzinfo=UTC)
FACTS: tuple[type[Event], ...] = (*offers.FACTS, *guidance.FACTS, *control.FACTS, *orders.FACTS)
COLUMNS = columns_of(Case)
REPORTING = Path(__file__).parents[3] / "services" / "reporting"
LARGEST_AREA = 26
MADE_OF_COLUMNS = {
    "next": {"next_step", "next_by", "next_due"},
    "version": {"visible_version"},
}
"""Fields of HTTP that are made of columns with other names."""
NOT_OF_THE_ROW = {"industry", "sector", "size_class", "postcode", "address", "in_conflict"} | {
    *("measures", "places", "related", "conflicts", "timeline", "next_cursors", "notice")
}
"""Fields of HTTP that come from the unit, or hang on the case."""
PARTS = {
    "guidance_involvement": ("guidance_safety_representative", "guidance_safety_organisation", "guidance_employees"),
    "control_involvement": ("control_safety_representative", "control_safety_organisation", "control_employees"),
}
COMPUTED_FOR_ANALYSTS = {"industry", "sector", "size_class", "controlled", "guidance_taken"}


class Read:
    """A fact that notes which of its fields a rule reads."""

    def __init__(self, fact: Event) -> None:
        self._fact = fact
        self.fields: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.fields.add(name)
        return getattr(self._fact, name)


@cache
def told(fact: type[Event]) -> Mapping[str, set[str]]:
    """The columns that rules set by a fact, each with the fields that such a rule reads."""
    found: dict[str, set[str]] = {}
    for case_type in CaseType:
        for rule in rules_about(case_type, fact):
            columns: set[str] = set()
            read: set[str] = set()
            for made in variants(fact):
                for case_id in (getattr(made, "agreement_id", None) or UUID(int=1), getattr(made, "follows", None)):
                    noted = Read(made)
                    columns |= rule(unopened("authority", case_id or UUID(int=9), case_type, AT), noted).keys()
                    read |= noted.fields
            for column in columns:
                found.setdefault(column, set()).update(read)
    return found


def variants(fact: type[Event]) -> Iterator[Event]:
    """With as little as it may say, with all, and with all but one: another code in its place, or nothing."""
    whole = full(fact)
    yield from (least(fact), whole)
    for name, info in fact.model_fields.items():
        value = getattr(whole, name)
        others = list(type(value)) if isinstance(value, Enum) else []
        for other in [*others, None] if info.default is None else others:
            yield whole.model_copy(update={name: other})


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_is_declared_by_the_columns_that_it_sets(fact: type[Event]) -> None:
    declared = {name for name, column in COLUMNS.items() if fact.__name__ in {source for source, _ in column.sources}}
    assert declared == told(fact).keys()


@pytest.mark.parametrize("fact", FACTS)
def test_every_declared_field_is_read_by_a_rule_that_sets_the_column(fact: type[Event]) -> None:
    for name, column in COLUMNS.items():
        declared = {field for source, field in column.sources if source == fact.__name__ and field}
        assert declared <= told(fact).get(name, set()), name
        assert declared <= fact.model_fields.keys(), name


@pytest.mark.rule("R18")
@pytest.mark.parametrize("fact", FACTS)
def test_a_companys_row_has_only_what_markers_let_it_know(fact: type[Event]) -> None:
    """R18: who may see a column follows from the markers of the fields that it comes from."""
    for made in (least(fact), full(fact)):
        if not made.seen_by_company():
            continue
        blank = unopened("company", getattr(made, "agreement_id", None) or UUID(int=1), type_of_case(fact), AT)
        draft = Draft(blank)
        draft.take(made.as_company_sees(), AT)
        changed = {name for name, value in vars(draft.finished()).items() if value != getattr(blank, name)}
        hidden = {name for name, column in COLUMNS.items() if not column.may_be_shown_to_company}
        assert not changed & hidden


@pytest.mark.rule("R18")
def test_some_columns_are_hidden_from_companies() -> None:
    """R18: what only the authority counts and plans."""
    hidden = {name for name, column in COLUMNS.items() if not column.may_be_shown_to_company}
    assert {"halfway_at", "guidance_fell_due_at", "acceptance_conflict", "minutes_control", "carried_over_to"} <= hidden
    assert {"delivered_at", "control_day", "kind"}.isdisjoint(hidden)


def test_every_column_stands_in_one_small_area() -> None:
    in_areas = [field.name for area in AREAS for field in fields(area)]
    assert in_areas == [field.name for field in fields(Case)]
    assert len(in_areas) == len(set(in_areas))
    assert all(len(fields(area)) <= LARGEST_AREA for area in AREAS)


@pytest.mark.parametrize(
    ("model", "shown"), [(CaseItem, LIST), (CaseDetail, LIST | DETAIL)], ids=["in lists", "in detail"]
)
def test_http_shows_the_columns_that_are_declared_to_be_shown(model: type[BaseModel], shown: Any) -> None:
    declared = {name for name, column in COLUMNS.items() if column.shown & shown}
    of_columns: set[str] = set()
    hints = get_type_hints(Case)
    for name, info in model.model_fields.items():
        if name in MADE_OF_COLUMNS:
            of_columns |= MADE_OF_COLUMNS[name]
        elif name not in NOT_OF_THE_ROW:
            of_columns.add(name)
            assert name in declared, f"{name} is shown and not declared so"
            if kind(hints[name]) is not dict:
                assert kind(info.annotation) is kind(hints[name]), name
                assert NoneType not in get_args(hints[name]) or NoneType in get_args(info.annotation), name
    assert of_columns == declared


def kind(hint: Any) -> type:
    """What a value of the type is, apart from None: codes are text."""
    (plain,) = [part for part in get_args(hint) or (hint,) if part is not NoneType] if _is_union(hint) else [hint]
    if get_origin(plain) is Literal or (isinstance(plain, type) and issubclass(plain, Enum)):
        return str
    return dict if get_origin(plain) is not None else plain


def _is_union(hint: Any) -> bool:
    return NoneType in get_args(hint)


@pytest.mark.parametrize("area", AREA_TABLES, ids=lambda table: str(table.name))
def test_the_table_of_an_area_has_the_columns_with_the_types_that_are_declared(area: Table[Case]) -> None:
    hints = get_type_hints(Case)
    declared = {name: (sql_type, NoneType not in get_args(hints[name])) for name, sql_type in area.column_types.items()}
    assert table(area.name) == declared


def test_the_tables_say_what_their_columns_mean() -> None:
    for area in AREA_TABLES:
        said = dict(re.findall(r"^  (\w+) [^\n]*?  -- (.*)$", text_of(area.name), re.M))
        assert said == {name: COLUMNS[name].meaning for name in area.columns if name in said or name not in area.key}


def test_the_view_of_the_whole_row_has_every_column_and_its_value_until_a_fact_comes() -> None:
    blank = vars(unopened("authority", UUID(int=1), CaseType.AGREEMENT, AT))
    for suffix in ("", "_rebuilt"):
        (view,) = re.findall(rf"^create view cases{suffix} as\s+select(.*?)\n  from ", schema(), re.M | re.S)
        found = re.findall(r"(?:coalesce\(\w+\.(\w+), ('[^']*'|\w+)\) as \w+|\b\w+\.(\w+))(?:,|$)", view)
        values = {name or plain: value for name, value, plain in found}
        assert sorted(name or plain for name, _, plain in found) == sorted(COLUMNS), "in the order in which they came"
        for area in AREA_TABLES[1:]:
            for name in area.columns[len(area.key) :]:
                assert _literal(values[name]) == blank[name], name


def _literal(text: str) -> object:
    """As SQL writes it: JSON in quotes, a code in quotes, a number or a truth value."""
    return text.strip("'") if re.fullmatch("'[a-z]+'", text) else json.loads(text.strip("'") or "null")


def table(name: str) -> Mapping[str, tuple[str, bool]]:
    """The columns of a table in schema.sql: type, and whether it must have a value."""
    found = re.findall(r"^  (\w+) (text|int|bool|uuid|timestamptz|date|jsonb)\b([^-\n]*)", text_of(name), re.M)
    return {column: (sql_type, "not null" in rest) for column, sql_type, rest in found}


def text_of(name: str) -> str:
    (text,) = re.findall(rf"^create table {name} \((.*?)^\)", schema(), re.M | re.S)
    return str(text)


def schema() -> str:
    return (REPORTING / "schema.sql").read_text()


def test_analysts_read_the_columns_that_are_declared_for_them_with_their_meaning() -> None:
    comments = {
        name: told.replace("''", "'")
        for name, told in re.findall(
            r"comment on column v_cases\.(\w+) is\s+'((?:[^']|'')*)';", (REPORTING / "analysts.sql").read_text()
        )
    }
    others = COMPUTED_FOR_ANALYSTS.union(*PARTS.values())
    declared = {name: column.meaning for name, column in COLUMNS.items() if column.shown & ANALYSTS}
    assert {name: told for name, told in comments.items() if name not in others} == declared
    (view,) = re.findall(r"^create view v_cases as(.*?);", schema(), re.M | re.S)
    assert set(re.findall(r"\bc\.(\w+)(?=,|\s+from)", view)) == declared.keys()


@dataclass(frozen=True)
class WithoutMeaning:
    day: date | None = None


def test_a_column_that_declares_nothing_is_a_fault() -> None:
    with pytest.raises(TypeError, match="column day: declare once what it means"):
        columns_of(WithoutMeaning)
