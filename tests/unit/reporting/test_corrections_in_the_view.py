"""What the view shows once something was told anew or taken back, and what came of a no (R7, R17, R22, R30, R37)."""

from typing import Any
from uuid import uuid5

import pytest

from shared.contracts import control
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import ControlOutcome, InvestigationOutcome, Involvement
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CONTROL, INSPECTOR, on
from tests.reporting_folding import case_after, next_after, rows_after

RUNNING = (facts.sent(), facts.delivered(), facts.accepted(), facts.deadline_set())
SECOND = uuid5(AGREEMENT, "second")


def controlled(**more: Any) -> control.ControlCompleted:
    fact = facts.controlled()
    assert isinstance(fact, control.ControlCompleted)
    return fact.model_copy(update={"minutes_spent": 60, **more})


def corrected(**more: Any) -> control.ControlCorrected:
    told = {name: getattr(controlled(), name) for name in ("outcome", "form", "judged_by", "spoke_with", "measures")}
    return control.ControlCorrected(
        agreement_id=AGREEMENT,
        control_id=CONTROL,
        place_id=AGREEMENT,
        corrected_at=on("2026-06-16"),
        corrected_by=INSPECTOR,
        form_reason=None,
        involvement=Involvement(),
        **{**told, **more},
    )


@pytest.mark.rule("R17", "R30", "R37")
def test_a_control_that_was_another_day_is_late_and_has_its_own_minutes() -> None:
    late = corrected(held_at=on("2026-08-25"), within_window=False, late_reason="season", minutes_spent=45)
    case = case_after(*RUNNING, controlled(), late)
    assert (case.control_held_at, case.within_60_days, case.control_late_reason) == (on("2026-08-25"), False, "season")
    assert (case.minutes_control, case.places_controlled, case.corrections) == (45, 1, 1)
    silent = case_after(*RUNNING, controlled(), late, corrected())
    assert (silent.control_held_at, silent.minutes_control) == (on("2026-08-25"), 45), "what is not told stays"


@pytest.mark.rule("R17")
def test_of_several_places_one_that_was_late_makes_the_agreement_controlled_late() -> None:
    second = controlled(control_id=SECOND, place_id=SECOND, within_window=False, held_at=on("2026-08-25"))
    case = case_after(*RUNNING, second, controlled())
    assert (case.within_60_days, case.control_held_at, case.places_controlled) == (False, on("2026-08-25"), 2)


@pytest.mark.rule("R17")
def test_which_of_two_reasons_for_being_late_is_told_does_not_depend_on_the_order_of_the_places() -> None:
    second = controlled(control_id=SECOND, place_id=SECOND, within_window=False, late_reason="illness")
    first = controlled(within_window=False, late_reason="season")
    one, other = case_after(*RUNNING, second, first), case_after(*RUNNING, first, second)
    assert one.control_late_reason == other.control_late_reason


@pytest.mark.rule("R22", "R30")
def test_an_order_that_is_withdrawn_is_not_awaited_any_more() -> None:
    asked = facts.order_requested()
    assert isinstance(asked, control.OrderRequested)
    breached = (*RUNNING, facts.controlled(ControlOutcome.VIOLATION), facts.breached(), asked)
    withdrawn = control.OrderRequestWithdrawn(
        agreement_id=AGREEMENT, request_id=asked.request_id, withdrawn_at=on("2026-07-03"), withdrawn_by=INSPECTOR
    )
    assert next_after(*breached)[0] == "issue_order"
    assert next_after(*breached, withdrawn)[0] == "request_order"
    assert case_after(*breached, withdrawn).orders_requested == 0


@pytest.mark.rule("R7", "R26")
def test_a_spread_offer_that_follows_from_a_no_is_what_came_of_it() -> None:
    concluded = control.InvestigationConcluded(
        agreement_id=AGREEMENT,
        inspection_id=CONTROL,
        held_at=on("2026-04-20"),
        inspector=INSPECTOR,
        outcome=InvestigationOutcome.SPREAD_OFFER,
    )
    no = (facts.sent(), facts.delivered(), facts.declined(), concluded)
    assert next_after(*no)[0] == "offer_spread"
    offer = facts.sent(SECOND, at="2026-04-22")
    assert isinstance(offer, OfferSent)
    follows = offer.model_copy(update={"follows": AGREEMENT})
    rows = rows_after(*no, follows)
    before, after = rows.cases["authority", AGREEMENT], rows.cases["authority", SECOND]
    assert (before.followed_by, before.next_step, before.status) == (SECOND, None, "declined")
    assert (after.status, after.opened_at) == ("offered", on("2026-04-22"))
    assert (before.opened_at, before.inspection_id) == (case_after(*no).opened_at, case_after(*no).inspection_id)
