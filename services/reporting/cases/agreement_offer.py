"""How facts of offers change an agreement's row: sent, delivered, answered, withdrawn, time spent (R1-R10, R37)."""

from services.reporting.cases.case import Case, Columns, changed, with_deadlines
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.problem_group import problem_group
from services.reporting.cases.time_spent import spent
from shared.contracts import offers

rules = Rules[Case, Columns]()


@rules.on
def _sent(case: Case, event: offers.OfferSent) -> Columns:
    if event.agreement_id != case.case_id:  # it follows from this agreement
        return {}
    return {
        "opened_at": event.sent_at,
        "kind": event.kind,
        "cvr": event.cvr,
        "p_number": event.p_number,
        "topic": event.topic,
        "problem_group": problem_group(event.topic),
        "inspector": case.inspector or event.inspector,
        "centre": case.centre if case.inspector else event.centre,
        "inspection_id": event.inspection_id,
        "agreement_id": event.carries_over,
        "period_months": event.period_months,
        "number": event.number,
    }


@rules.on
def _taken_over(case: Case, event: offers.CaseTakenOver) -> Columns:
    """R28, R30: a case that was history goes on here."""
    return {"live_from": event.live_from}


@rules.on
def _reassigned(case: Case, event: offers.OfferReassigned) -> Columns:
    changes = case.inspector_changes + 1
    return {"inspector": event.inspector, "centre": event.centre, "inspector_changes": changes}


@rules.on
def _time_spent(case: Case, event: offers.TimeSpent) -> Columns:
    return spent(case, event.phase, event.minutes)


@rules.on
def _time_corrected(case: Case, event: offers.TimeCorrected) -> Columns:
    taken_back = spent(case, event.previous_phase, -event.previous_minutes)
    told_anew = spent(changed(case, taken_back), event.phase, event.minutes)
    return taken_back | told_anew | {"corrections": case.corrections + 1}


@rules.on
def _delivered(case: Case, event: offers.OfferDelivered) -> Columns:
    """R3, R4: from when the company could read it."""
    return {"delivered_at": event.available_at, "undelivered": False} | with_deadlines(
        case, response=event.response_deadline
    )


@rules.on
def _delivery_corrected(case: Case, event: offers.DeliveryCorrected) -> Columns:
    """R30: with the dates as corrected."""
    corrections = case.corrections + 1
    corrected = {"delivered_at": event.available_at, "undelivered": False, "corrections": corrections}
    return corrected | with_deadlines(case, response=event.response_deadline)


@rules.on
def _response_recounted(case: Case, event: offers.ResponseDeadlineRecounted) -> Columns:
    """R27: the calendar was corrected, and gives a later day to answer."""
    return with_deadlines(case, response=event.response_deadline)


@rules.on
def _delivery_failed(case: Case, event: offers.DeliveryFailed) -> Columns:
    """R4: a failed delivery is counted, and the offer is not delivered."""
    return {"delivery_failures": case.delivery_failures + 1, "undelivered": True}


@rules.on
def _resent(case: Case, event: offers.OfferResent) -> Columns:
    """R4: it is counted how often the offer was sent again."""
    return {"resent": case.resent + 1}


@rules.on
def _opened(case: Case, event: offers.OfferOpened) -> Columns:
    """R5: the first time."""
    return {"read_at": case.read_at or event.opened_at}


@rules.on
def _unanswered_halfway(case: Case, event: offers.OfferUnansweredHalfway) -> Columns:
    """R5: half of the time for an answer has passed without one."""
    return {"halfway_at": event.at}


@rules.on
def _accepted(case: Case, event: offers.Accepted) -> Columns:
    """R6: the company accepted in time, which makes the offer an agreement of these terms."""
    return {
        "kind": event.kind,
        "cvr": event.cvr,
        "p_number": event.p_number,
        "topic": event.topic,
        "problem_group": problem_group(event.topic),
        "inspector": event.inspector,
        "period_months": event.period_months,
        "accepted_at": event.accepted_at,
        "accept_reason": event.reason,
        "included_places": max(1, len(event.places)),
    }


@rules.on
def _declined(case: Case, event: offers.Declined) -> Columns:
    """R7: the company declined, perhaps with a coded reason."""
    return {"declined_at": event.declined_at, "decline_reason": event.reason}


@rules.on
def _lapsed(case: Case, event: offers.Lapsed) -> Columns:
    """R6, R7: no answer came in time, which is not an acceptance."""
    return {"lapsed_at": event.lapsed_at}


@rules.on
def _withdrawn(case: Case, event: offers.Withdrawn) -> Columns:
    return {"withdrawn_at": event.withdrawn_at, "withdrawal_rule": event.rule}


@rules.on
def _conflict_flagged(case: Case, event: offers.AcceptanceConflictFlagged) -> Columns:
    """R8: accepted before a breach became known."""
    return {"acceptance_conflict": True, "open_conflicts": case.open_conflicts + 1}


@rules.on
def _conflict_ended(case: Case, event: offers.AcceptanceConflictEnded) -> Columns:
    """R30, R41: the breach had been recorded by mistake."""
    return {"open_conflicts": case.open_conflicts - 1}


@rules.on
def _annulled(case: Case, event: offers.AcceptanceAnnulled) -> Columns:
    return {"terminated_at": event.annulled_at, "terminated_by": "authority"}
