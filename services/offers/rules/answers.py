"""The company's answer: yes, no, or none by the deadline (R6, R7, R8, R10)."""

from dataclasses import dataclass
from datetime import datetime

from services.offers.rules.carrying_over_to_new_owner import refuse_consent
from services.offers.rules.eligibility import Quarantine, Unit, is_of, refuse_in_quarantine, refuse_ineligible_unit
from services.offers.rules.included_places import FoundIn, NamedPlace, include
from services.offers.rules.phases import Ended, Open, Running, State, how_it_stands
from services.offers.rules.unit_changes import refuse_changed_unit, refuse_moved_unit
from shared.contracts.offers import Accepted, Declined, Lapsed, NotAccepted
from shared.contracts.public_forms import Withdrawn
from shared.deadlines.deadline import Deadline
from shared.eventstore.decider import TimerDue, every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy


@dataclass(frozen=True)
class Accept:
    """The company's yes (R10)."""

    at: datetime
    policy: Policy
    acting_for: str
    person: str
    has_read: bool
    reason: str | None
    unit: Unit | None
    """The unit of the offer as the register has it today."""
    quarantines: tuple[Quarantine, ...]
    found_in: FoundIn | None
    """`spread`: where in the unit of the offer the violation was found; None where nobody can read it any more."""
    includes: tuple[NamedPlace, ...] = ()
    carried: State | None = None
    """R40: current state of the agreement that is to be carried over, if there is one."""


@dataclass(frozen=True)
class Decline:
    """The company's no (R7)."""

    at: datetime
    acting_for: str
    person: str
    reason: str | None
    unit: Unit | None = None
    """The unit of the offer as the register has it today; None where it does not know it."""


def accept(offer: Open, command: Accept) -> Accepted:
    """R6, R8, R10, R40: records an acceptance in time, outside quarantine, by someone who may act.

    That person also confirms having read what the agreement is. Any other acceptance is refused.
    """
    sent = offer.sent
    refuse_changed_unit(offer)
    with every_fault() as check:
        check(refuse_late, offer, command.at)
        check(refuse_foreign, offer, command.acting_for)
        check(refuse_unread, command)
        check(refuse_ineligible_unit, command.unit, sent.p_number, sent.cvr, command.policy, "R10")
        if is_of(command.unit, sent.cvr):
            check(refuse_in_quarantine, command.quarantines, sent.p_number, command.at)
        if sent.carries_over is not None:
            named = (sent.p_number, *(place.p_number for place in command.includes))
            check(refuse_consent, command.carried, sent.carries_over, sent.cvr, named)
        with check:
            places, names = include(sent, command.found_in, command.includes, command.policy, command.at)
    return Accepted(
        agreement_id=sent.agreement_id,
        kind=sent.kind,
        cvr=sent.cvr,
        p_number=sent.p_number,
        topic=sent.topic,
        inspector=offer.about.inspector,
        period_months=sent.period_months,
        accepted_at=command.at,
        accepted_by=command.person,
        reason=command.reason,
        places=places,
        place_names=names or None,
        carries_over=sent.carries_over,
    )


def decline(offer: Open, command: Decline) -> Declined:
    """R6, R7, R40: records a no that comes in time, from someone who may act for the owner of the unit."""
    refuse_changed_unit(offer)
    with every_fault() as check:
        check(refuse_late, offer, command.at)
        check(refuse_foreign, offer, command.acting_for)
        check(refuse_moved_unit, offer, command.unit)
    return Declined(
        agreement_id=offer.sent.agreement_id,
        declined_at=command.at,
        declined_by=command.person,
        reason=command.reason,
        offer=_not_accepted(offer),
    )


def lapse(offer: Open, timer: TimerDue) -> Lapsed:
    """R6: ends an offer that has no answer by the deadline as lapsed, which is never an acceptance."""
    assert offer.delivered is not None, "the timer of an offer that was not delivered does not stand"
    return Lapsed(
        agreement_id=offer.sent.agreement_id,
        last_day=offer.delivered.response_deadline.last_day,
        lapsed_at=timer.at,
        offer=_not_accepted(offer),
    )


def refuse_late(offer: Open, at: datetime) -> None:
    """R6: refuses an answer that was received after the last day: 23:59 is in time, 00:00 is not."""
    if offer.delivered is not None and offer.answer_is_late(at):
        raise _answered_late(offer.delivered.response_deadline)


def refuse_unread(command: Accept) -> None:
    """R10: refuses an acceptance without the confirmation of having read what the agreement is."""
    if not command.has_read:
        raise Refused("R10", "whoever accepts confirms having read what the agreement is and is not")


def why_not_open(state: Running | Ended) -> Refused:
    """R6, R8, R9: returns the refusal of an answer to an offer that is not open any more.

    It says when the offer was answered, that the answer is late, or that a breach or the authority ended the offer.
    """
    match state:
        case Ended(unaccepted=Lapsed(), response_deadline=Deadline() as deadline):
            return _answered_late(deadline)
        case Ended(unaccepted=Lapsed(last_day=last_day)):
            return Refused("R6", "answered after {deadline}", deadline=last_day)
        case Ended(unaccepted=Declined(declined_at=at)):
            return Refused("R6", "answered already: declined at {at}", at=at.isoformat())
        case Ended(unaccepted=Withdrawn(rule="R8") as withdrawn):
            return _overtaken(withdrawn)
        case Ended(unaccepted=Withdrawn(withdrawn_at=at)):
            return Refused("R9", "the authority took the offer back at {at}", at=at.isoformat())
    assert state.accepted is not None, f"an offer that ended as {how_it_stands(state)} was accepted, or it was not"
    return Refused("R6", "answered already: accepted at {at}", at=state.accepted.accepted_at.isoformat())


def _answered_late(deadline: Deadline) -> Refused:
    """R6, R27: with the date, and why it is that date."""
    return Refused("R6", "answered after {deadline}. {why_en}", deadline=deadline.last_day, **deadline.reasons())


def _overtaken(withdrawn: Withdrawn) -> Refused:
    """R8: with that reason. The breach is named only to whom it belongs."""
    at = withdrawn.withdrawn_at.isoformat()
    if withdrawn.breach_is_own:
        return Refused(
            "R8",
            "withdrawn at {at}: the unit is in quarantine, because of the breach of agreement {agreement}",
            at=at,
            agreement=withdrawn.because_of,
        )
    return Refused("R8", "withdrawn at {at}: the unit is in quarantine", at=at, agreement=None)


def refuse_foreign(offer: Open, acting_for: str) -> None:
    """R10: refuses an answer from someone without the right to act for the legal entity."""
    if acting_for != offer.sent.cvr:
        raise Refused("R10", "not entitled to act for {cvr}", cvr=offer.sent.cvr)


def _not_accepted(offer: Open) -> NotAccepted:
    """R7: what control needs to go on from a no."""
    sent = offer.sent
    return NotAccepted(
        kind=sent.kind, cvr=sent.cvr, p_number=sent.p_number, topic=sent.topic, inspector=offer.about.inspector
    )
