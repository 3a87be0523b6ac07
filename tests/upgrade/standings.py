"""The standings in which a kept release must have a case: every phase of every decider, and what differs inside one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints
from uuid import UUID

from services.control.rules import phases as course
from services.control.rules.course_decider import COURSE
from services.guidance.rules import phases as guidance
from services.guidance.rules.guidance_decider import GUIDANCE
from services.offers.rules import phases as offer
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.quarantine import QUARANTINE, Register, legal_entity_stream, unit_stream
from shared.contracts.vocabulary import InvestigationOutcome
from shared.eventstore.decider import Decider
from tests.upgrade.manifest import KeptCase

SUBJECTS: tuple[Decider[Any, Any], ...] = (OFFER, QUARANTINE, GUIDANCE, COURSE)


@dataclass(frozen=True)
class Standing:
    """Where the stream of a case stands, under the name of the case that is brought there."""

    name: str
    subject: Decider[Any, Any]
    phase: type
    detail: Callable[[Any], bool] = lambda _: True
    """What a state of the phase has beside its class."""
    stream: Callable[[KeptCase], UUID] = lambda case: case.agreement_id

    def holds(self, state: Any) -> bool:
        """Whether a state is of this standing."""
        return isinstance(state, self.phase) and self.detail(state)


def phase_classes(subject: Decider[Any, Any]) -> frozenset[type]:
    """Every phase in which a stream of the subject can stand, read from the type of its state.

    The initial one is none of them where there are others: no stream with facts stands in it.
    """
    state = get_type_hints(subject.evolve)["state"]
    phases = frozenset(get_args(state) or (state,))
    return phases - {type(subject.initial)} or phases


def _ended(how: str) -> Standing:
    return Standing(f"offer {how}", OFFER, offer.Ended, lambda state: state.how == how)


_OFFERS = (
    Standing("offer sent", OFFER, offer.Open, lambda state: state.delivered is None and state.failed is None),
    Standing(
        "offer not delivered",
        OFFER,
        offer.Open,
        lambda state: state.failed is not None and state.failed.resend_at is not None,
    ),
    Standing(
        "offer not delivered for good",
        OFFER,
        offer.Open,
        lambda state: state.failed is not None and state.failed.resend_at is None,
    ),
    Standing("offer delivered", OFFER, offer.Open, lambda state: state.delivered is not None and not state.opened),
    Standing("offer opened", OFFER, offer.Open, lambda state: state.opened and not state.halfway_passed),
    Standing("offer unanswered halfway", OFFER, offer.Open, lambda state: state.halfway_passed),
    Standing("offer accepted", OFFER, offer.Running, lambda state: not state.conflicts),
    Standing("offer accepted after a breach", OFFER, offer.Running, lambda state: bool(state.conflicts)),
    *map(_ended, ("declined", "lapsed", "withdrawn", "fulfilled", "breached", "terminated")),
)
_QUARANTINES = (
    Standing(
        "quarantine of a unit",
        QUARANTINE,
        Register,
        lambda state: bool(state.standing) and state.p_number is not None,
        stream=lambda case: unit_stream(case.units[0]),
    ),
    Standing(
        "quarantine of a legal entity",
        QUARANTINE,
        Register,
        lambda state: bool(state.standing) and state.p_number is None,
        stream=lambda case: legal_entity_stream(case.cvr),
    ),
    Standing(
        "quarantine ended",
        QUARANTINE,
        Register,
        lambda state: not state.standing,
        stream=lambda case: legal_entity_stream(case.cvr),
    ),
)
_GUIDANCE = (
    Standing("guidance opened", GUIDANCE, guidance.Opened),
    Standing("guidance awaited", GUIDANCE, guidance.Awaited, lambda state: not state.fell_due and not state.overdue),
    Standing("guidance due", GUIDANCE, guidance.Awaited, lambda state: state.fell_due and not state.overdue),
    Standing("guidance overdue", GUIDANCE, guidance.Awaited, lambda state: state.overdue),
    Standing("guidance offered", GUIDANCE, guidance.Offered),
    Standing("guidance accepted", GUIDANCE, guidance.Answered, lambda state: state.accepted),
    Standing("guidance declined", GUIDANCE, guidance.Answered, lambda state: not state.accepted),
    Standing("guidance held", GUIDANCE, guidance.Held),
    Standing("guidance closed", GUIDANCE, guidance.Closed),
)
_COURSES = (
    Standing("course undocumented", COURSE, course.Running, lambda state: state.parts == 0),
    Standing("course documented in part", COURSE, course.Running, lambda state: state.parts and not state.complete),
    Standing(
        "control booked",
        COURSE,
        course.Running,
        lambda state: state.bookings and not any(one.announced for one in state.bookings.values()),
    ),
    Standing(
        "control announced",
        COURSE,
        course.Running,
        lambda state: any(one.announced for one in state.bookings.values()),
    ),
    Standing("extension requested", COURSE, course.Running, lambda state: state.extension is not None),
    Standing("control turned into guidance", COURSE, course.Running, lambda state: state.reopened),
    Standing("control to be repeated", COURSE, course.Running, lambda state: state.reopened),
    Standing(
        "spread agreement controlled in part",
        COURSE,
        course.Running,
        lambda state: len(state.places) > 1 and state.results and state.awaited,
    ),
    Standing(
        "agreement kept", COURSE, course.Kept, lambda state: state.fulfilled.follow_up_on and not state.follow_up_due
    ),
    Standing("follow-up due", COURSE, course.Kept, lambda state: state.follow_up_due and not state.followed_up),
    Standing("follow-up held", COURSE, course.Kept, lambda state: state.followed_up),
    Standing("hearing open", COURSE, course.Broken, lambda state: state.hearing and not state.heard),
    Standing("company heard", COURSE, course.Broken, lambda state: state.heard and not state.orders),
    Standing("hearing expired", COURSE, course.Broken, lambda state: state.heard and not state.orders),
    Standing(
        "order requested",
        COURSE,
        course.Broken,
        lambda state: state.orders and not state.orders[0].reminded and state.orders[0].issued_as is None,
    ),
    Standing(
        "order reminded of",
        COURSE,
        course.Broken,
        lambda state: state.orders and state.orders[0].reminded and not state.orders[0].overdue,
    ),
    Standing("order overdue", COURSE, course.Broken, lambda state: state.orders and state.orders[0].overdue),
    Standing(
        "order issued", COURSE, course.Broken, lambda state: state.orders and state.orders[0].issued_as is not None
    ),
    Standing("agreement stopped", COURSE, course.Stopped),
    Standing(
        "new inspection booked",
        COURSE,
        course.AfterNo,
        lambda state: state.booking is not None and state.concluded is None,
    ),
    Standing(
        "investigation found nothing",
        COURSE,
        course.AfterNo,
        lambda state: state.concluded and state.concluded.outcome is InvestigationOutcome.NO_VIOLATION,
    ),
    Standing(
        "investigation led to a spread offer",
        COURSE,
        course.AfterNo,
        lambda state: state.concluded and state.concluded.outcome is InvestigationOutcome.SPREAD_OFFER,
    ),
    Standing(
        "order requested after a no",
        COURSE,
        course.AfterNo,
        lambda state: state.orders and not state.orders[0].reminded and state.orders[0].issued_as is None,
    ),
)
STANDINGS = (*_OFFERS, *_QUARANTINES, *_GUIDANCE, *_COURSES)
