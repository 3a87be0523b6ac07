"""After a breach: the company is heard, then an order is asked for (R22)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.phases import Broken
from shared.contracts.control import HearingAnswered, HearingExpired, OrderRequested
from shared.kernel.decider import Refused, TimerDue


@dataclass(frozen=True)
class AnswerHearing:
    """What the company says to the intended order."""

    at: datetime
    person: str
    answer: str


@dataclass(frozen=True)
class RequestOrder:
    """The inspector asks the order system for an order with deadline."""

    at: datetime
    request_id: UUID
    inspector: str
    reasons: str


def answer_hearing(course: Broken, command: AnswerHearing) -> HearingAnswered:
    """R22: in time, once."""
    if course.heard or course.hearing is None:
        raise Refused("R22", "the hearing is over")
    if command.at >= course.hearing.answer_deadline.ends_at:
        raise Refused("R22", "answered after {deadline}", deadline=course.hearing.answer_deadline.last_day)
    return HearingAnswered(
        agreement_id=course.started.agreement_id,
        answered_at=command.at,
        answered_by=command.person,
        answer=command.answer,
    )


def expire_hearing(course: Broken, timer: TimerDue) -> HearingExpired:
    """R22: the company did not use its time."""
    return HearingExpired(agreement_id=course.started.agreement_id, at=timer.at)


def request_order(course: Broken, command: RequestOrder) -> OrderRequested:
    """R22: on the same topic, once the company was heard."""
    if not course.heard:
        raise Refused("R22", "the company is heard before the order")
    if course.requested is not None:
        raise Refused("R22", "the order was requested at {at}", at=course.requested.requested_at)
    started = course.started
    return OrderRequested(
        agreement_id=started.agreement_id,
        request_id=command.request_id,
        cvr=started.cvr,
        p_number=started.p_number,
        topic=started.topic,
        requested_at=command.at,
        requested_by=command.inspector,
        reasons=command.reasons,
    )
