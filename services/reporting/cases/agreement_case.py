"""How an agreement looks in the view: its dates, its status and what must happen next, folded from facts."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import attrgetter

from services.reporting.cases import (
    agreement_after,
    agreement_control,
    agreement_guidance,
    agreement_offer,
    changed_units,
)
from services.reporting.cases.case import Case, Columns, Next, Party, Status, Step
from services.reporting.cases.rules import Rules
from shared.contracts import control, offers
from shared.contracts.guidance import GuidanceStands
from shared.deadlines.copenhagen import end_of
from shared.eventstore.events import Event

rules = Rules[Case, Columns](
    agreement_offer.rules, agreement_guidance.rules, agreement_control.rules, agreement_after.rules, changed_units.rules
)
"""What facts change, in whatever order those of different services come."""
_ENDINGS: Mapping[str, Status] = {
    "breached_at": Status.BREACHED,
    "fulfilled_at": Status.FULFILLED,
    "terminated_at": Status.TERMINATED,
    "withdrawn_at": Status.WITHDRAWN,
    "lapsed_at": Status.LAPSED,
    "declined_at": Status.DECLINED,
}
_endings = attrgetter(*_ENDINGS)
_SIGNS: Mapping[str, Status] = {
    **_ENDINGS,
    "documentation_complete_at": Status.AWAITING_CONTROL,
    "control_day": Status.AWAITING_CONTROL,
    "control_held_at": Status.AWAITING_CONTROL,
    "accepted_at": Status.RUNNING,
    "delivered_at": Status.DELIVERED,
    "inspection_id": Status.OFFERED,
}
"""The status that each column is a sign of; the first one that is known counts."""
_signs = attrgetter(*_SIGNS)
_REACHES: Mapping[type[Event], Status] = {
    offers.OfferSent: Status.OFFERED,
    offers.OfferDelivered: Status.DELIVERED,
    offers.Accepted: Status.RUNNING,
    offers.Declined: Status.DECLINED,
    offers.Lapsed: Status.LAPSED,
    offers.Withdrawn: Status.WITHDRAWN,
    offers.AcceptanceAnnulled: Status.TERMINATED,
    control.DocumentationReceived: Status.AWAITING_CONTROL,
    control.ControlBooked: Status.AWAITING_CONTROL,
    control.Fulfilled: Status.FULFILLED,
    control.Breached: Status.BREACHED,
    control.Terminated: Status.TERMINATED,
    control.DecisionRevoked: Status.AWAITING_CONTROL,
}


def following(case: Case, changes: Columns) -> Columns:
    """Columns that follow from others, where one of these has just changed."""
    if _SIGNS.keys().isdisjoint(changes):
        return {}
    return {"status": status(case), "ended_at": ended_at(case)}


def status(case: Case) -> Status:
    """From the dates alone, so that a fact that comes late changes nothing it should not."""
    signs = zip(_signs(case), _SIGNS.values(), strict=True)
    return next((sign for known, sign in signs if known is not None), Status.UNKNOWN)


def reaches(event: Event) -> Status | None:
    """The status that a fact brings a case to, if it brings it anywhere; documentation does when it is complete."""
    reached = _REACHES.get(type(event))
    if reached is None or (isinstance(event, control.DocumentationReceived) and not event.complete):
        return None
    return reached


def ended_at(case: Case) -> datetime | None:
    """When the course ended, however it did."""
    return next((at for at in _endings(case) if at is not None), None)


def next_step(case: Case) -> Next | None:
    """R26, R40: what must happen next, by whom, and when; first what becomes of a unit that is another's now."""
    if case.changed_units and case.ended_at is None and case.status is not Status.UNKNOWN:
        return Next(Step.DECIDE_ON_CHANGED_UNIT, Party.INSPECTOR)
    match case.status:
        case Status.UNKNOWN | Status.WITHDRAWN | Status.TERMINATED:
            return None
        case Status.OFFERED:
            return Next(Step.DELIVER_OFFER, Party.AUTHORITY)
        case Status.DELIVERED:
            return Next(Step.ANSWER_OFFER, Party.COMPANY, deadline_end(case, "response"))
        case Status.DECLINED | Status.LAPSED:
            return _after_no(case)
        case Status.FULFILLED:
            return _after_fulfilment(case)
        case Status.BREACHED:
            return _after_breach(case)
    if decided_alone(case):
        return Next(Step.RECORD_RESULT, Party.INSPECTOR)
    if "compliance" not in case.deadlines:
        return Next(Step.SET_DEADLINE, Party.AUTHORITY)
    return min(_steps_while_running(case), key=lambda step: (step.due is None, step.due))


def deadline_end(case: Case, name: str) -> datetime | None:
    """The exclusive end of one of the case's deadlines."""
    deadline = case.deadlines.get(name)
    return None if deadline is None else datetime.fromisoformat(deadline["ends_at"])


def decided_alone(case: Case) -> bool:
    """R20: the one control of a suspicion was held; of several places, or after a correction, more may be awaited."""
    return case.control_held_at is not None and case.kind != "spread" and not case.corrections


def hearing_runs(case: Case) -> bool:
    """R22: the company may still be heard."""
    return case.hearing_opened_at is not None and case.hearing_ended_at is None


def is_left(case: Case) -> bool:
    """R40: whether the agreement is open, or an inspection, an order or a follow-up is yet to come (R7, R22, R24)."""
    match case.status:
        case Status.DECLINED | Status.LAPSED:
            return case.kind != "spread" and case.investigation_concluded_at is None
        case Status.FULFILLED:
            return case.follow_up_on is not None and case.follow_up_held_at is None
        case Status.BREACHED:
            return not case.orders_requested
        case _:
            return case.ended_at is None


def orders_are_awaited(case: Case) -> bool:
    """R22: of those that were asked for, not all are issued."""
    return case.orders_issued < case.orders_requested


def _steps_while_running(case: Case) -> Iterator[Next]:
    """All that stands open in a running agreement; the one that is due first is the next."""
    compliance = deadline_end(case, "compliance")
    if case.extension_requested_at is not None:
        yield Next(Step.ANSWER_EXTENSION, Party.INSPECTOR, compliance)
    match case.guidance_stands:
        case GuidanceStands.NOT_OFFERED if "guidance" in case.deadlines:
            yield Next(Step.OFFER_GUIDANCE, Party.INSPECTOR, deadline_end(case, "guidance"))
        case GuidanceStands.OFFERED:
            yield Next(Step.ANSWER_GUIDANCE, Party.COMPANY, compliance)
        case GuidanceStands.ACCEPTED:
            yield Next(Step.HOLD_GUIDANCE, Party.INSPECTOR, compliance)
    if _documentation_is_awaited(case, compliance):
        yield Next(Step.SEND_DOCUMENTATION, Party.COMPANY, compliance)
    else:
        due = deadline_end(case, "control_window") if case.control_day is None else end_of(case.control_day)
        yield Next(Step.HOLD_CONTROL, Party.INSPECTOR, due)


def _documentation_is_awaited(case: Case, compliance: datetime | None) -> bool:
    """R17: control takes place whether or not it came; a booking made after the deadline no longer waits for it."""
    if case.documentation_complete_at is not None:
        return False
    booked_after_deadline = (
        case.control_booked_at is not None and compliance is not None and case.control_booked_at >= compliance
    )
    return not booked_after_deadline


def _after_no(case: Case) -> Next | None:
    """R7: an inspection resumes the investigation, and ends it; where the violation was found already, an order."""
    if orders_are_awaited(case):
        return Next(Step.ISSUE_ORDER, Party.ORDER_SYSTEM)
    if case.new_inspection_day is not None:  # also where an offer that follows was made before it was held
        return Next(Step.RESUME_INSPECTION, Party.INSPECTOR, end_of(case.new_inspection_day))
    if case.followed_by is not None:
        return None
    if case.kind == "spread":
        return Next(Step.REQUEST_ORDER, Party.INSPECTOR)
    match case.investigation_outcome:
        case None:
            return Next(Step.RESUME_INSPECTION, Party.INSPECTOR)
        case "spread_offer":
            return Next(Step.OFFER_SPREAD, Party.INSPECTOR)
        case _:
            return None


def _after_fulfilment(case: Case) -> Next | None:
    """R24: a follow-up, where the policy asks for one."""
    if case.follow_up_on is None or case.follow_up_held_at is not None:
        return None
    return Next(Step.HOLD_FOLLOW_UP, Party.INSPECTOR, end_of(case.follow_up_on))


def _after_breach(case: Case) -> Next | None:
    """R22: the company is heard, an order is asked for at each unit, the order system issues it."""
    if orders_are_awaited(case):
        return Next(Step.ISSUE_ORDER, Party.ORDER_SYSTEM)
    if case.followed_by is not None:
        return None
    if hearing_runs(case):
        return Next(Step.ANSWER_HEARING, Party.COMPANY, deadline_end(case, "hearing"))
    return Next(Step.REQUEST_ORDER, Party.INSPECTOR)
