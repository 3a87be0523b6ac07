"""What the rules of the view set are columns of the row."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from deploy.rulebook.example_facts import full, least
from services.reporting.cases.case import Case, Columns, changed, unopened
from services.reporting.cases.case_projection import Draft, type_of_case
from services.reporting.cases.case_types import CaseType
from services.reporting.cases.errors import UnknownColumn
from services.reporting.cases.fold_rules import Rules
from shared.contracts import control, guidance, offers, orders
from shared.eventstore.events import Event

AT = datetime(2026, 3, 5, tzinfo=UTC)
FACTS: tuple[type[Event], ...] = (*offers.FACTS, *guidance.FACTS, *control.FACTS, *orders.FACTS)


def row(case_type: CaseType = CaseType.AGREEMENT) -> Case:
    return unopened("authority", UUID(int=1), case_type, AT)


@pytest.mark.parametrize("fact", FACTS)
def test_every_rule_sets_columns_that_the_row_has(fact: type[Event]) -> None:
    for made in (least, full):
        draft = Draft(row(type_of_case(fact)))
        draft.take(made(fact), AT)
        assert vars(draft.finished()).keys() == vars(row()).keys()


def test_a_misspelt_column_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def misspelt(case: Case, event: offers.OfferOpened) -> Columns:
        return {"reed_at": event.opened_at}

    draft = Draft(row())
    rules = Rules[Case, Columns]()
    rules.on(misspelt)
    monkeypatch.setattr("services.reporting.cases.agreement_case.rules", rules)
    with pytest.raises(UnknownColumn, match="reed_at"):
        draft.take(full(offers.OfferOpened), AT)
    with pytest.raises(UnknownColumn, match="reed_at"):
        changed(row(), {"reed_at": AT})
