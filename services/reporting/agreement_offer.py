"""How facts of offers change an agreement's row: sent, delivered, answered, taken back, time spent (R1-R10, R37)."""

from services.reporting.case import Case, changed, with_deadline
from services.reporting.folds import Folds
from services.reporting.problem_group import problem_group
from services.reporting.time_spent import spent
from shared.contracts import offers

fold = Folds[Case]()


@fold.on
def _sent(case: Case, event: offers.OfferSent) -> Case:
    if event.agreement_id != case.case_id:  # it follows from this agreement
        return case
    return changed(
        case,
        opened_at=event.sent_at,
        kind=event.kind,
        cvr=event.cvr,
        p_number=event.p_number,
        topic=event.topic,
        problem_group=problem_group(event.topic),
        inspector=case.inspector or event.inspector,
        inspection_id=event.inspection_id,
        period_months=event.period_months,
    )


@fold.on
def _reassigned(case: Case, event: offers.OfferReassigned) -> Case:
    return changed(case, inspector=event.inspector, inspector_changes=case.inspector_changes + 1)


@fold.on
def _time_spent(case: Case, event: offers.TimeSpent) -> Case:
    return spent(case, event.phase, event.minutes)


@fold.on
def _time_corrected(case: Case, event: offers.TimeCorrected) -> Case:
    taken_back = spent(case, event.previous_phase, -event.previous_minutes)
    return changed(spent(taken_back, event.phase, event.minutes), corrections=case.corrections + 1)


@fold.on
def _delivered(case: Case, event: offers.OfferDelivered) -> Case:
    """R3, R4: from when the company could read it."""
    delivered = changed(case, delivered_at=event.available_at, undelivered=False)
    return with_deadline(delivered, "response", event.response_deadline)


@fold.on
def _delivery_corrected(case: Case, event: offers.DeliveryCorrected) -> Case:
    """R30: with the dates as corrected."""
    corrections = case.corrections + 1
    corrected = changed(case, delivered_at=event.available_at, undelivered=False, corrections=corrections)
    return with_deadline(corrected, "response", event.response_deadline)


@fold.on
def _delivery_failed(case: Case, event: offers.DeliveryFailed) -> Case:
    """R4."""
    return changed(case, delivery_failures=case.delivery_failures + 1, undelivered=True)


@fold.on
def _resent(case: Case, event: offers.OfferResent) -> Case:
    """R4."""
    return changed(case, resent=case.resent + 1)


@fold.on
def _opened(case: Case, event: offers.OfferOpened) -> Case:
    """R5: the first time."""
    return changed(case, read_at=case.read_at or event.opened_at)


@fold.on
def _unanswered_halfway(case: Case, event: offers.OfferUnansweredHalfway) -> Case:
    """R5."""
    return changed(case, halfway_at=event.at)


@fold.on
def _accepted(case: Case, event: offers.Accepted) -> Case:
    """R6."""
    return changed(
        case,
        kind=event.kind,
        cvr=event.cvr,
        p_number=event.p_number,
        topic=event.topic,
        problem_group=problem_group(event.topic),
        inspector=event.inspector,
        period_months=event.period_months,
        accepted_at=event.accepted_at,
        accept_reason=event.reason,
        included_places=max(1, len(event.places)),
    )


@fold.on
def _declined(case: Case, event: offers.Declined) -> Case:
    """R7."""
    return changed(case, declined_at=event.declined_at, decline_reason=event.reason)


@fold.on
def _lapsed(case: Case, event: offers.Lapsed) -> Case:
    """R6, R7."""
    return changed(case, lapsed_at=event.lapsed_at)


@fold.on
def _withdrawn(case: Case, event: offers.Withdrawn) -> Case:
    return changed(case, withdrawn_at=event.withdrawn_at, withdrawal_rule=event.rule)


@fold.on
def _conflict_flagged(case: Case, event: offers.AcceptanceConflictFlagged) -> Case:
    """R8: accepted before a breach became known."""
    return changed(case, acceptance_conflict=True)


@fold.on
def _annulled(case: Case, event: offers.AcceptanceAnnulled) -> Case:
    return changed(case, terminated_at=event.annulled_at, terminated_by="authority")
