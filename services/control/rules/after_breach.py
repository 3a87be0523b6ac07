"""After a breach, hears the company and then requests an order (R22)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from services.control.rules.judgement import violating_controls
from services.control.rules.order_requests import requested
from services.control.rules.phases import Broken
from services.control.rules.plausible_times import refuse_impossible_time
from shared.contracts.control import HearingAnswered, HearingExpired, HearingOpened, OrderRequested
from shared.eventstore.decider import TimerDue, every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy


@dataclass(frozen=True)
class AnswerHearing:
    """The company's written answer to the intended order."""

    at: datetime
    person: str
    answer: str


@dataclass(frozen=True)
class NoteOralAnswer:
    """The company's oral answer to the intended order, as somebody at the authority writes it down."""

    at: datetime
    noted_by: str
    said_at: datetime | None
    participants: tuple[str, ...]
    """Roles of those who answered."""
    answer: str


@dataclass(frozen=True)
class RequestOrder:
    """The inspector requests an order with deadline from the order system."""

    at: datetime
    policy: Policy
    request_id: UUID
    """Id from which the id of each unit's order is derived."""
    inspector: str
    reasons: str


def answer_hearing(course: Broken, command: AnswerHearing) -> HearingAnswered:
    """R22: records an answer in writing, which the company may always choose. Refuses a late or a second one."""
    refuse_late(require_hearing(course), command.at)
    return HearingAnswered(
        agreement_id=course.course.started.agreement_id,
        answered_at=command.at,
        answered_by=command.person,
        answer=command.answer,
    )


def note_oral_answer(course: Broken, command: NoteOralAnswer) -> HearingAnswered:
    """R22: records what the company answered orally, on its behalf.

    Refuses the answer if the company is heard in writing, if the hearing is over, or if the time is impossible or late.
    """
    hearing = require_hearing(course)
    said_at = command.said_at or command.at
    with every_fault() as check:
        if hearing.in_writing:
            topic = course.course.started.topic
            check.note(Refused("R22", "on topic {topic} the company is heard in writing", topic=topic))
        check(refuse_impossible_time, "R22", said_at, now=command.at, after=hearing.opened_at)
        check(refuse_late, hearing, said_at)
    return HearingAnswered(
        agreement_id=course.course.started.agreement_id,
        answered_at=said_at,
        answered_by=course.course.started.cvr,
        oral=True,
        participants=command.participants,
        noted_by=command.noted_by,
        answer=command.answer,
    )


def require_hearing(course: Broken) -> HearingOpened:
    """R22: returns the open hearing. Refuses if there is none, or if it was answered or has expired."""
    if course.heard or course.hearing is None:
        raise Refused("R22", "the hearing is over")
    return course.hearing


def refuse_late(hearing: HearingOpened, answered_at: datetime) -> None:
    """R22, R27: refuses an answer after the end of the last day of the hearing, with that day and its reasons."""
    deadline = hearing.answer_deadline
    if deadline.has_passed(answered_at):
        raise Refused("R22", "answered after {deadline}. {why_en}", deadline=deadline.last_day, **deadline.reasons())


def expire_hearing(course: Broken, timer: TimerDue) -> HearingExpired:
    """R22: ends the hearing of a company that did not answer in time."""
    return HearingExpired(agreement_id=course.course.started.agreement_id, at=timer.at)


def request_order(course: Broken, command: RequestOrder) -> tuple[OrderRequested, ...]:
    """R22: requests an order on the topic of the agreement for every breaching unit; refuses a second request.

    If the policy opens a hearing, the company must be heard first. Each order names the reasons, and the controls that
    found the violation at its unit.
    """
    if course.hearing is not None and not course.heard:
        raise Refused("R22", "the company is heard before the order")
    if course.orders:
        raise Refused("R22", "the order was requested at {at}", at=course.orders[0].request.requested_at)
    return tuple(
        requested(
            course.course.started,
            p_number,
            request_id=uuid5(command.request_id, p_number),
            by=command.inspector,
            rule="R22",
            reasons=command.reasons,
            at=command.at,
            policy=command.policy,
            control_ids=violating_controls(course.course, p_number),
        )
        for p_number in course.breached.breached_units
    )
