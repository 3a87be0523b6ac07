"""Every type of facts says which of its times is the one from which it held (R26)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import NoneType
from typing import get_args
from uuid import UUID

import pytest

from deploy.rulebook.example_facts import full, least
from services.reporting.cases.case import unopened
from services.reporting.cases.case_types import CaseType
from services.reporting.cases.effective_time import effective_from
from services.reporting.cases.known_facts import FACTS
from shared.contracts.control import ControlCorrected, DecisionRevoked
from shared.contracts.orders import OrderIssued
from shared.eventstore.events import OCCURRED, Event

pytestmark = pytest.mark.rule("R26")
CASE = unopened("authority", UUID(int=1), CaseType.AGREEMENT, datetime(2026, 3, 1, tzinfo=UTC))
RECORDED = datetime(2026, 3, 23, 9, tzinfo=UTC)
HELD = datetime(2026, 3, 13, 9, tzinfo=UTC)


def times_of(fact: type[Event]) -> set[str]:
    """The fields that hold a time or a day."""
    kinds = {name: set(get_args(info.annotation) or (info.annotation,)) for name, info in fact.model_fields.items()}
    return {name for name, kind in kinds.items() if kind - {NoneType} in ({datetime}, {date})}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_a_type_names_one_of_its_own_times_or_says_that_it_has_none(fact: type[Event]) -> None:
    assert "held" in vars(fact), f"{fact.__name__} leaves open from when on it held"
    assert fact.held == OCCURRED or fact.held in times_of(fact)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_a_fact_holds_from_the_time_that_its_type_names(fact: type[Event]) -> None:
    if fact.held == OCCURRED:
        assert effective_from(full(fact), RECORDED, CASE) == RECORDED
        return
    kind = fact.model_fields[fact.held].annotation
    told = HELD if datetime in (kind, *get_args(kind)) else HELD.date()
    expected = HELD if isinstance(told, datetime) else datetime(2026, 3, 12, 23, tzinfo=UTC)
    assert effective_from(full(fact).model_copy(update={fact.held: told}), RECORDED, CASE) == expected


def test_a_day_begins_in_copenhagen_and_what_is_left_open_held_when_it_occurred() -> None:
    day = full(OrderIssued).model_copy(update={"issued_on": date(2026, 7, 1)})
    assert effective_from(day, RECORDED, CASE) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert effective_from(least(ControlCorrected), RECORDED, CASE) == RECORDED


@pytest.mark.rule("R30")
def test_a_decision_that_is_taken_back_never_held_also_where_its_fact_does_not_say_when_it_was_made() -> None:
    revoked = least(DecisionRevoked)
    assert effective_from(revoked, RECORDED, replace(CASE, fulfilled_at=HELD)) == HELD
    assert effective_from(revoked, RECORDED, replace(CASE, breached_at=HELD)) == HELD
    assert effective_from(revoked, RECORDED, CASE) == RECORDED
