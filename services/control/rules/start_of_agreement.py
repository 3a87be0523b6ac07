"""How a course begins, once the offer was accepted (R10, R17, R19)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.phases import NotStarted, Running, State, places_of
from services.control.rules.sampling import first_sample
from shared.contracts.control import ComplianceDeadlineSet, CourseTakenOver
from shared.contracts.public_forms import Accepted
from shared.contracts.vocabulary import AgreementKind
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import booking_due_at, compliance_deadline, control_window
from shared.eventstore.events import Event
from shared.policy.policy import Policy


@dataclass(frozen=True)
class StartCourse:
    """Reaction: the offer was accepted."""

    at: datetime
    policy: Policy
    fact: Accepted
    drawn: tuple[UUID, ...] = ()
    """R19: the places of a spread agreement that the company named, in random order."""
    carried: Running | None = None
    """R40: the course of the unit's former legal entity that this one continues."""


@dataclass(frozen=True)
class NoteTakenOver:
    """Reaction: a case that was history was taken over at offers."""

    agreement_id: UUID
    live_from: datetime


def note_taken_over(state: State, command: NoteTakenOver) -> tuple[CourseTakenOver, ...]:
    """R17, R28: lets timers fall due and places be looked for from now on; nothing if there is no course."""
    if isinstance(state, NotStarted):
        return ()
    return (CourseTakenOver(agreement_id=command.agreement_id, live_from=command.live_from),)


def start(command: StartCourse) -> tuple[Event, ...]:
    """R10, R17: starts the course of an accepted agreement.

    The compliance deadline counts from the acceptance, and the control window from that deadline.

    R19: a spread agreement gets its sample at once, from the places in drawn order.
    """
    fact, policy = command.fact, command.policy
    deadline = _deadline(command)
    started = ComplianceDeadlineSet(
        agreement_id=fact.agreement_id,
        cvr=fact.cvr,
        p_number=fact.p_number,
        topic=fact.topic,
        inspector=fact.inspector,
        accepted_at=fact.accepted_at,
        compliance_deadline=deadline,
        control_window=control_window(deadline, policy),
        books_control_at=booking_due_at(deadline, policy),
        kind=fact.kind,
        places=fact.places,
        plans_controls=policy.planning.plans_from_acceptance,
    )
    if fact.kind is AgreementKind.SUSPICION:
        return (started,)
    return started, first_sample(places_of(started), command.drawn, command.at, policy)


def _deadline(command: StartCourse) -> Deadline:
    """R10, R40: one that is carried over stays as it is, unless it has passed meanwhile."""
    fact, carried = command.fact, command.carried
    if carried is not None and not carried.deadline.has_passed(fact.accepted_at):
        return carried.deadline
    return compliance_deadline(fact.accepted_at, fact.period_months, command.policy)
