"""The offer: sent, delivered, and answered, lapsed or withdrawn (R1-R10)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.offers.eligibility import Quarantine, Unit, refuse_in_quarantine, refuse_ineligible_unit
from services.offers.letter import LETTER_VERSION
from shared.contracts.offers import (
    AcceptanceConflictFlagged,
    Accepted,
    AgreementEndNoted,
    Declined,
    DeliveryFailed,
    Lapsed,
    OfferDelivered,
    OfferOpened,
    OfferSent,
    OfferUnansweredHalfway,
    Withdrawn,
)
from shared.contracts.vocabulary import AgreementKind, FileReference
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import response_deadline
from shared.kernel.decider import Decider, Refused, TimerDue
from shared.kernel.events import Event
from shared.policy.policy import Policy

LAPSE = "lapse"
HALFWAY = "halfway"


@dataclass(frozen=True)
class SendOffer:
    """The inspector's offer (R1)."""

    at: datetime
    policy: Policy
    agreement_id: UUID
    kind: AgreementKind
    unit: Unit | None
    """None where the register does not know the unit."""
    cvr: str
    p_number: str
    topic: str
    inspection_id: str
    inspector: str
    period_months: int
    period_reason: str | None
    observations: str
    photos: tuple[FileReference, ...]
    quarantines: tuple[Quarantine, ...]


@dataclass(frozen=True)
class RecordDelivery:
    """The portal says that the offer is available to the company (R3)."""

    at: datetime
    available_at: datetime
    policy: Policy


@dataclass(frozen=True)
class RecordFailedDelivery:
    """The portal says that the offer did not arrive (R4)."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class RecordOpening:
    """The portal says that the company opened the offer (R5)."""

    at: datetime


@dataclass(frozen=True)
class Accept:
    """The company's yes (R10)."""

    at: datetime
    acting_for: str
    person: str
    has_read: bool
    reason: str | None
    quarantines: tuple[Quarantine, ...]


@dataclass(frozen=True)
class Decline:
    """The company's no (R7)."""

    at: datetime
    acting_for: str
    person: str
    reason: str | None


@dataclass(frozen=True)
class Withdraw:
    """The authority takes an unanswered offer back (R9)."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class NoteBreach:
    """Reaction: a breach elsewhere put the unit into quarantine (R8)."""

    at: datetime
    because_of: UUID
    breached_at: datetime


@dataclass(frozen=True)
class NoteEnd:
    """Reaction: the agreement has ended, fulfilled or breached."""

    at: datetime
    outcome: str


Command = (
    SendOffer
    | RecordDelivery
    | RecordFailedDelivery
    | RecordOpening
    | Accept
    | Decline
    | Withdraw
    | NoteBreach
    | NoteEnd
    | TimerDue
)


@dataclass(frozen=True)
class Unsent:
    """Nothing is known of this offer."""


@dataclass(frozen=True)
class Open:
    """Sent and unanswered; its clock runs once it is delivered."""

    sent: OfferSent
    delivered: OfferDelivered | None = None
    failed_deliveries: int = 0
    opened: bool = False
    halfway_passed: bool = False


@dataclass(frozen=True)
class Running:
    """Accepted; the course is control's from here on."""

    sent: OfferSent
    accepted: Accepted
    conflict: bool = False


@dataclass(frozen=True)
class Ended:
    """Declined, lapsed, withdrawn, or an agreement that has ended."""

    sent: OfferSent
    how: str
    response_deadline: Deadline | None = None


State = Unsent | Open | Running | Ended


def decide(state: State, command: Command) -> Sequence[Event]:
    """Refuses with the rule's id; see the functions below."""
    match state, command:
        case Unsent(), SendOffer():
            return (send(command),)
        case _, SendOffer():
            raise Refused("R1", "this offer has been sent already")
        case ((Open() | Running() | Ended()), NoteEnd()):
            return note_end(state, command)
        case ((Open() | Running()), NoteBreach()):
            return overtake(state, command)
        case _, (NoteEnd() | NoteBreach()):
            return ()
        case _, TimerDue() if timers(state).get(command.name) != command.due:
            return ()  # settled otherwise, or moved, since the timer fired (R28)
        case Open(), TimerDue():
            return fall_due(state, command)
        case Open(), (RecordDelivery() | RecordFailedDelivery() | RecordOpening()):
            return record_from_portal(state, command)
        case Open(), Accept():
            return (accept(state, command),)
        case Open(), Decline():
            return (decline(state, command),)
        case Open(), Withdraw():
            return (withdraw(state, command),)
        case Ended(how="lapsed", response_deadline=Deadline() as deadline), (Accept() | Decline()):
            raise Refused("R6", "answered after {deadline}", deadline=deadline.last_day)
        case ((Running() | Ended()), (RecordDelivery() | RecordFailedDelivery() | RecordOpening())):
            return ()
        case _:
            raise Refused("R6", "the offer is not open: {how}", how=how_it_stands(state))


def send(command: SendOffer) -> OfferSent:
    """R1, R2, R8, R10: what may be offered, where, and for how long."""
    policy = command.policy
    if command.kind is not AgreementKind.SUSPICION:
        raise Refused("R2", "only offers on suspicion can be made as yet")
    refuse_ineligible_unit(command.unit, command.p_number, command.cvr, policy)
    if command.period_months not in policy.agreement.periods_months and not command.period_reason:
        raise Refused("R10", "{months} months need a reason", months=command.period_months)
    refuse_in_quarantine(command.quarantines, command.at)
    return OfferSent(
        agreement_id=command.agreement_id,
        kind=command.kind,
        cvr=command.cvr,
        p_number=command.p_number,
        topic=command.topic,
        inspection_id=command.inspection_id,
        inspector=command.inspector,
        period_months=command.period_months,
        period_reason=command.period_reason,
        response_rule="R3",
        letter_version=LETTER_VERSION,
        sent_at=command.at,
        observations=command.observations,
        photos=command.photos,
    )


def record_from_portal(offer: Open, command: RecordDelivery | RecordFailedDelivery | RecordOpening) -> Sequence[Event]:
    """R3, R4, R5: the clock starts with the first availability; a failure starts none and closes nothing."""
    agreement_id = offer.sent.agreement_id
    match command:
        case RecordDelivery() if offer.delivered is None:
            if command.available_at < offer.sent.sent_at:
                raise Refused("R3", "available before it was sent, at {sent_at}", sent_at=offer.sent.sent_at)
            return (deliver(agreement_id, command),)
        case RecordFailedDelivery() if offer.delivered is None:
            attempt = offer.failed_deliveries + 1
            return (
                DeliveryFailed(agreement_id=agreement_id, attempt=attempt, reason=command.reason, failed_at=command.at),
            )
        case RecordOpening() if not offer.opened:
            return (OfferOpened(agreement_id=agreement_id, opened_at=command.at),)
        case _:
            return ()


def deliver(agreement_id: UUID, command: RecordDelivery) -> OfferDelivered:
    """R3, R5, R6: the response deadline, half the way to it, and a while after it."""
    policy = command.policy.offer
    deadline = response_deadline(command.available_at, command.policy)
    return OfferDelivered(
        agreement_id=agreement_id,
        available_at=command.available_at,
        response_deadline=deadline,
        halfway_at=command.available_at + (deadline.ends_at - command.available_at) * policy.halfway_fraction,
        lapses_at=deadline.ends_at + timedelta(minutes=policy.lapse_grace_minutes),
    )


def accept(offer: Open, command: Accept) -> Accepted:
    """R6, R8, R10: in time, outside quarantine, by someone who may act, and who has read what it is."""
    refuse_late(offer, command.at)
    refuse_foreign(offer, command.acting_for)
    if not command.has_read:
        raise Refused("R10", "whoever accepts confirms having read what the agreement is and is not")
    refuse_in_quarantine(command.quarantines, command.at)
    return Accepted(
        agreement_id=offer.sent.agreement_id,
        kind=offer.sent.kind,
        cvr=offer.sent.cvr,
        p_number=offer.sent.p_number,
        topic=offer.sent.topic,
        inspector=offer.sent.inspector,
        period_months=offer.sent.period_months,
        accepted_at=command.at,
        accepted_by=command.person,
        reason=command.reason,
    )


def decline(offer: Open, command: Decline) -> Declined:
    """R6, R7: in time, by someone who may act."""
    refuse_late(offer, command.at)
    refuse_foreign(offer, command.acting_for)
    return Declined(
        agreement_id=offer.sent.agreement_id, declined_at=command.at, declined_by=command.person, reason=command.reason
    )


def refuse_late(offer: Open, at: datetime) -> None:
    """R6: judged by the time at which the answer was received; 23:59 is in time, 00:00 is not."""
    if offer.delivered is not None and at >= offer.delivered.response_deadline.ends_at:
        raise Refused("R6", "answered after {deadline}", deadline=offer.delivered.response_deadline.last_day)


def refuse_foreign(offer: Open, acting_for: str) -> None:
    """R10: the answer is given by someone with the right to act for the legal entity."""
    if acting_for != offer.sent.cvr:
        raise Refused("R10", "not entitled to act for {cvr}", cvr=offer.sent.cvr)


def withdraw(offer: Open, command: Withdraw) -> Withdrawn:
    """R9: an unanswered offer, with a reason."""
    return Withdrawn(agreement_id=offer.sent.agreement_id, rule="R9", withdrawn_at=command.at, reason=command.reason)


def overtake(state: Open | Running, command: NoteBreach) -> Sequence[Event]:
    """R8: an open offer is withdrawn; an acceptance recorded before the breach became known stands, flagged."""
    agreement_id = state.sent.agreement_id
    if agreement_id == command.because_of:
        return ()
    match state:
        case Open():
            return (
                Withdrawn(agreement_id=agreement_id, rule="R8", withdrawn_at=command.at, because_of=command.because_of),
            )
        case Running(conflict=False) if state.accepted.accepted_at >= command.breached_at:
            return (
                AcceptanceConflictFlagged(
                    agreement_id=agreement_id, because_of=command.because_of, flagged_at=command.at
                ),
            )
        case _:
            return ()


def note_end(state: Open | Running | Ended, command: NoteEnd) -> Sequence[Event]:
    """The topic at the unit is free for a new offer (R8)."""
    if not isinstance(state, Running):
        return ()
    return (AgreementEndNoted(agreement_id=state.sent.agreement_id, outcome=command.outcome, noted_at=command.at),)


def fall_due(offer: Open, timer: TimerDue) -> Sequence[Event]:
    """R5: half-way without an answer. R6: the deadline has passed without one."""
    if offer.delivered is None:
        return ()
    agreement_id = offer.sent.agreement_id
    if timer.name == HALFWAY:
        return (OfferUnansweredHalfway(agreement_id=agreement_id, opened=offer.opened, at=timer.at),)
    return (Lapsed(agreement_id=agreement_id, last_day=offer.delivered.response_deadline.last_day, lapsed_at=timer.at),)


def how_it_stands(state: State) -> str:
    """A word for the phase, for refusals and views."""
    match state:
        case Unsent():
            return "never sent"
        case Open(delivered=None):
            return "sent"
        case Open():
            return "delivered"
        case Running():
            return "accepted"
        case Ended(how=how):
            return how


def evolve(state: State, event: Event) -> State:
    """The next phase; facts that do not fit leave it as it is."""
    match state, event:
        case _, OfferSent():
            return Open(event)
        case Open(), OfferDelivered():
            return replace(state, delivered=event)
        case Open(), DeliveryFailed():
            return replace(state, failed_deliveries=event.attempt)
        case Open(), OfferOpened():
            return replace(state, opened=True)
        case Open(), OfferUnansweredHalfway():
            return replace(state, halfway_passed=True)
        case Open(), Accepted():
            return Running(state.sent, event)
        case Running(), AcceptanceConflictFlagged():
            return replace(state, conflict=True)
        case Open(), (Declined() | Lapsed() | Withdrawn()):
            deadline = state.delivered.response_deadline if state.delivered else None
            return Ended(state.sent, type(event).__name__.lower(), deadline)
        case Running(), AgreementEndNoted():
            return Ended(state.sent, event.outcome)
        case _:
            return state


def timers(state: State) -> dict[str, datetime]:
    """R5, R6: half-way through the response time, and a while after its end."""
    if not isinstance(state, Open) or state.delivered is None:
        return {}
    wanted = {LAPSE: state.delivered.lapses_at}
    if not state.halfway_passed:
        wanted[HALFWAY] = state.delivered.halfway_at
    return wanted


def reservations(state: State) -> frozenset[str]:
    """R8: one open offer or agreement per unit and topic; and how those of a legal entity are found."""
    if not isinstance(state, (Open, Running)):
        return frozenset()
    sent = state.sent
    return frozenset({f"open/{sent.p_number}/{sent.topic}", f"open-of/{sent.cvr}/{sent.agreement_id}"})


def concerns(state: State) -> dict[str, str]:
    """The legal entity and the unit."""
    return {} if isinstance(state, Unsent) else {"cvr": state.sent.cvr, "pnumber": state.sent.p_number}


OFFER: Decider[State, Command] = Decider(
    name="offer",
    initial=Unsent(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    reservations=reservations,
    concerns=concerns,
)
