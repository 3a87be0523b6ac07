"""How the offer reaches the company: delivered, failed and sent again, opened, corrected (R3, R4, R5, R30)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.offers.rules.phases import Open
from shared.contracts.offers import (
    DeliveryCorrected,
    DeliveryFailed,
    OfferDelivered,
    OfferOpened,
    OfferResent,
    OfferUnansweredHalfway,
)
from shared.deadlines.deadlines import response_deadline, response_halfway_at
from shared.eventstore.decider import TimerDue, every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy

BY_ITSELF = "offers"


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
    policy: Policy


@dataclass(frozen=True)
class ResendOffer:
    """Somebody of the authority sends the offer again (R4)."""

    at: datetime
    by: str


@dataclass(frozen=True)
class RecordOpening:
    """The portal says that the company opened the offer (R5)."""

    at: datetime


@dataclass(frozen=True)
class CorrectDelivery:
    """The offer became available at another time than was recorded (R30)."""

    at: datetime
    available_at: datetime
    by: str
    reason: str
    policy: Policy


def deliver(offer: Open, command: RecordDelivery) -> Sequence[Event]:
    """R3, R5, R6: records when the offer was first available, which starts the clock; skips later reports."""
    if offer.delivered is not None:
        return ()
    refuse_impossible_availability(offer, command.available_at, command.at)
    dates = _dates(command.available_at, command.policy)
    return (OfferDelivered(agreement_id=offer.sent.agreement_id, **dates),)


def fail(offer: Open, command: RecordFailedDelivery) -> Sequence[Event]:
    """R4: records a failed delivery, which starts no clock and closes nothing.

    The offer is sent again automatically a few times, then only by hand.
    """
    if offer.delivered is not None or offer.failed is not None:
        return ()
    policy = command.policy.offer
    by_itself = offer.attempts <= policy.resend_attempts
    return (
        DeliveryFailed(
            agreement_id=offer.sent.agreement_id,
            attempt=offer.attempts,
            reason=command.reason,
            failed_at=command.at,
            resend_at=command.at + timedelta(hours=policy.resend_after_hours) if by_itself else None,
        ),
    )


def resend(offer: Open, command: ResendOffer) -> OfferResent:
    """R4: sends an offer again by hand, at any time before it is delivered."""
    if offer.delivered is not None:
        raise Refused("R4", "it was delivered at {at}", at=offer.delivered.available_at.isoformat())
    return _resent(offer, command.at, command.by)


def resend_when_due(offer: Open, timer: TimerDue) -> OfferResent:
    """R4: sends an undelivered offer again automatically, when its timer is due."""
    return _resent(offer, timer.at, BY_ITSELF)


def open_offer(offer: Open, command: RecordOpening) -> Sequence[Event]:
    """R5: records when the company first opened the offer; skips later reports."""
    return () if offer.opened else (OfferOpened(agreement_id=offer.sent.agreement_id, opened_at=command.at),)


def correct(offer: Open, command: CorrectDelivery) -> DeliveryCorrected:
    """R3, R30: corrects when the offer was available, and moves every date that depends on it.

    The history keeps what was recorded before.
    """
    if offer.delivered is None:
        raise Refused("R3", "the offer has not been delivered")
    with every_fault() as check:
        check(refuse_impossible_availability, offer, command.available_at, command.at)
        with check:
            if command.available_at == offer.delivered.available_at:
                raise Refused("R30", "that is what was recorded")
    return DeliveryCorrected(
        agreement_id=offer.sent.agreement_id,
        corrected_at=command.at,
        corrected_by=command.by,
        reason=command.reason,
        **_dates(command.available_at, command.policy),
    )


def pass_halfway(offer: Open, timer: TimerDue) -> OfferUnansweredHalfway:
    """R5: records that half of the response time is over; the inspector asks whether the offer was understood."""
    return OfferUnansweredHalfway(agreement_id=offer.sent.agreement_id, opened=offer.opened, at=timer.at)


def refuse_impossible_availability(offer: Open, available_at: datetime, at: datetime) -> None:
    """R3: refuses a time of availability that is before the sending or in the future."""
    if available_at < offer.sent.sent_at:
        raise Refused("R3", "available before it was sent, at {sent_at}", sent_at=offer.sent.sent_at)
    if available_at > at:
        raise Refused("R3", "{available_at} has not come yet", available_at=available_at.isoformat())


def _resent(offer: Open, at: datetime, by: str) -> OfferResent:
    return OfferResent(agreement_id=offer.sent.agreement_id, attempt=offer.attempts + 1, resent_at=at, resent_by=by)


def _dates(available_at: datetime, policy: Policy) -> dict[str, Any]:
    """R3, R5, R6: the response deadline, half the way to it, and a while after it."""
    deadline = response_deadline(available_at, policy)
    return {
        "available_at": available_at,
        "response_deadline": deadline,
        "halfway_at": response_halfway_at(deadline, policy),
        "lapses_at": deadline.ends_at + timedelta(minutes=policy.offer.lapse_grace_minutes),
    }
