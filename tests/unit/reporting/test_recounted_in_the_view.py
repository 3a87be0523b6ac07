"""What the view shows after a corrected calendar moved deadlines of a case (R27)."""

from typing import Any

import pytest

from services.reporting.cases.case_types import Audience
from shared.contracts import control, guidance, offers
from shared.deadlines.deadline import Deadline, LengthUnit
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, INSPECTOR, on
from tests.reporting_folding import case_after, next_after

pytestmark = pytest.mark.rule("R27")
OFFERED = (facts.sent(), facts.delivered())
RUNNING = (*OFFERED, facts.accepted(), facts.deadline_set(), facts.guidance_scheduled())


def a_day_later(day: str, rule: str, event: str, length: tuple[int, LengthUnit]) -> tuple[Deadline, Deadline]:
    """A deadline, and the same one day later."""
    before, after = (facts.deadline(rule, one, "2026-03-05", event, *length) for one in (day, _next(day)))
    return before, after


def _next(day: str) -> str:
    return f"{day[:-2]}{int(day[-2:]) + 1:02}"


def recounted(fact: type[Event], name: str, dates: tuple[Deadline, Deadline], **more: Any) -> Event:
    told = {"previous": dates[0], name: dates[1], "recounted_at": on("2026-03-20"), "recounted_by": "operator-1"}
    return fact.model_validate({"agreement_id": AGREEMENT, **told, **more})


RESPONSE = a_day_later("2026-04-07", "R3", "OfferDelivered", (4, LengthUnit.WEEKS))
COMPLIANCE = a_day_later("2026-06-22", "R10", "Accepted", (3, LengthUnit.MONTHS))
WINDOW = a_day_later("2026-08-21", "R17", "ComplianceDeadlineExpired", (60, LengthUnit.DAYS))
DUE = a_day_later("2026-04-20", "R12", "Accepted", (31, LengthUnit.DAYS))
HEARING = a_day_later("2026-06-29", "R22", "HearingOpened", (2, LengthUnit.WEEKS))
RESPONSE_RECOUNTED = recounted(
    offers.ResponseDeadlineRecounted,
    "response_deadline",
    RESPONSE,
    halfway_at=on("2026-03-20"),
    lapses_at=on("2026-04-09", 3),
)
COMPLIANCE_RECOUNTED = recounted(
    control.ComplianceDeadlineRecounted,
    "compliance_deadline",
    COMPLIANCE,
    control_window=WINDOW[1],
    books_control_at=on("2026-06-09"),
    inspector=INSPECTOR,
    accepted_at=on("2026-03-20"),
)
DUE_RECOUNTED = recounted(
    guidance.GuidanceDueRecounted, "due", DUE, coming_due_at=on("2026-04-07"), overdue_at=on("2026-05-06")
)


def last_days(*history: Event, audience: Audience = "authority") -> dict[str, str]:
    return {name: one["last_day"] for name, one in case_after(*history, audience=audience).deadlines.items()}


@pytest.mark.parametrize("audience", ["authority", "company"])
def test_both_sides_see_the_later_day_to_answer(audience: Audience) -> None:
    assert last_days(*OFFERED, RESPONSE_RECOUNTED, audience=audience) == {"response": "2026-04-08"}
    assert next_after(*OFFERED, RESPONSE_RECOUNTED, audience=audience)[2] == "2026-04-08T22:00:00+00:00"


@pytest.mark.parametrize("audience", ["authority", "company"])
def test_both_sides_see_the_later_compliance_deadline_with_its_window(audience: Audience) -> None:
    moved = last_days(*RUNNING, COMPLIANCE_RECOUNTED, audience=audience)
    assert (moved["compliance"], moved["control_window"]) == ("2026-06-23", "2026-08-22")


def test_a_window_that_complete_documentation_started_stays_and_a_recounted_one_moves() -> None:
    documented = facts.documented()
    before = last_days(*RUNNING, documented)["control_window"]
    assert last_days(*RUNNING, documented, COMPLIANCE_RECOUNTED)["control_window"] == before
    window = recounted(control.ControlWindowRecounted, "control_window", WINDOW)
    assert last_days(*RUNNING, documented, window)["control_window"] == "2026-08-22"


def test_guidance_that_fell_due_by_the_former_day_is_not_due_any_more_and_no_company_sees_the_day() -> None:
    fell_due = guidance.GuidanceFellDue(agreement_id=AGREEMENT, at=on("2026-04-20"))
    assert case_after(*RUNNING, fell_due).guidance_fell_due_at is not None
    assert case_after(*RUNNING, fell_due, DUE_RECOUNTED).guidance_fell_due_at is None
    assert last_days(*RUNNING, DUE_RECOUNTED)["guidance"] == "2026-04-21"
    assert "guidance" not in last_days(*RUNNING, DUE_RECOUNTED, audience="company")


def test_the_later_day_of_the_hearing_is_shown() -> None:
    moved = recounted(control.HearingDeadlineRecounted, "answer_deadline", HEARING, expires_at=on("2026-07-02"))
    assert last_days(*RUNNING, facts.hearing_opened(), moved)["hearing"] == "2026-06-30"
