"""How facts of offers change an agreement's row: sent, delivered, answered, taken back, time spent (R1-R10, R37)."""

from services.reporting.case import Case, changed, with_deadline
from services.reporting.problem_group import problem_group
from services.reporting.time_spent import spent
from shared.contracts import offers
from shared.kernel.events import Event


def fold(case: Case, event: Event) -> Case:
    """The row after one more fact of offers."""
    match event:
        case offers.OfferSent() if event.agreement_id == case.case_id:
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
        case offers.OfferReassigned():
            return changed(case, inspector=event.inspector, inspector_changes=case.inspector_changes + 1)
        case offers.TimeSpent():
            return spent(case, event.phase, event.minutes)
        case offers.TimeCorrected():
            taken_back = spent(case, event.previous_phase, -event.previous_minutes)
            return changed(spent(taken_back, event.phase, event.minutes), corrections=case.corrections + 1)
        case offers.Accepted():
            return _accepted(case, event)
        case offers.Declined():
            return changed(case, declined_at=event.declined_at, decline_reason=event.reason)
        case offers.Lapsed():
            return changed(case, lapsed_at=event.lapsed_at)
        case offers.Withdrawn():
            return changed(case, withdrawn_at=event.withdrawn_at, withdrawal_rule=event.rule)
        case offers.AcceptanceConflictFlagged():
            return changed(case, acceptance_conflict=True)
        case offers.AcceptanceAnnulled():
            return changed(case, terminated_at=event.annulled_at, terminated_by="authority")
    return _delivered(case, event)


def _delivered(case: Case, event: Event) -> Case:
    """R3-R5, R30: how it reached the company, with the dates as corrected."""
    match event:
        case offers.OfferDelivered() | offers.DeliveryCorrected():
            delivered = changed(case, delivered_at=event.available_at, undelivered=False)
            corrections = case.corrections + isinstance(event, offers.DeliveryCorrected)
            return with_deadline(changed(delivered, corrections=corrections), "response", event.response_deadline)
        case offers.DeliveryFailed():
            return changed(case, delivery_failures=case.delivery_failures + 1, undelivered=True)
        case offers.OfferResent():
            return changed(case, resent=case.resent + 1)
        case offers.OfferOpened():
            return changed(case, read_at=case.read_at or event.opened_at)
        case offers.OfferUnansweredHalfway():
            return changed(case, halfway_at=event.at)
    return case


def _accepted(case: Case, event: offers.Accepted) -> Case:
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
