"""The offer that an inspector makes: where, on what topic, on what grounds, and for how long (R1, R2, R7, R8, R10)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.carrying_over import refuse_to_carry_over
from services.offers.rules.eligibility import (
    Quarantine,
    Unit,
    refuse_in_quarantine,
    refuse_ineligible_unit,
    refuse_taken,
)
from services.offers.rules.following import refuse_what_follows_from_nothing
from services.offers.rules.grounds import refuse_wrong_grounds
from services.offers.rules.letter import LETTER_VERSION
from services.offers.rules.phases import State
from services.offers.rules.undecided_violations import refuse_where_undecided
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import AgreementKind, Centre, FileReference, Grounds
from shared.eventstore.decider import Refused, every_fault
from shared.policy.policy import Policy


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
    undecided: tuple[UUID, ...]
    """R14: agreements of which a control has found a violation at the unit, and that are not decided."""
    slot: int | None = 1
    """R8: a place among the open agreements on the topic at the unit; None where all are taken."""
    grounds: Grounds | None = None
    department: str | None = None
    follows: UUID | None = None
    earlier: State | None = None
    """R7: where the offer stands from which this one follows."""
    carries_over: UUID | None = None
    """R40: the agreement of the unit's former legal entity that is to go on."""
    carried: State | None = None
    """R40: where that one stands."""
    centre: Centre | None = None
    """R42: of the inspector, as the directory has it."""


def send(command: SendOffer) -> OfferSent:
    """R1, R2, R7, R8, R10, R40: what may be offered, where, and for how long."""
    policy = command.policy
    about = (command.cvr, command.p_number, command.topic)
    with every_fault() as check:
        with check:
            grounds = refuse_wrong_grounds(command.kind, command.grounds)
        check(refuse_misplaced_department, command)
        if command.follows is not None:
            check(refuse_what_follows_from_nothing, command.earlier, command.follows, command.kind, about)
        if command.carries_over is not None:
            terms = (command.kind, command.p_number, command.topic, command.period_months)
            check(refuse_to_carry_over, command.carried, command.carries_over, command.cvr, terms, policy)
        check(refuse_ineligible_unit, command.unit, command.p_number, command.cvr, policy)
        check(refuse_period_without_reason, command)
        check(refuse_in_quarantine, command.quarantines, command.p_number, command.at)
        check(refuse_where_undecided, command.undecided, command.p_number)
        with check:
            slot = refuse_taken(command.slot, command.p_number, command.topic)
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
        grounds=grounds,
        slot=slot,
        department=command.department,
        follows=command.follows,
        is_carried_over=command.carries_over is not None,
        carries_over=command.carries_over,
        centre=command.centre,
    )


def refuse_misplaced_department(command: SendOffer) -> None:
    """R1: only a spread offer names where in the unit the violation was found."""
    if command.department is not None and command.kind is not AgreementKind.SPREAD:
        raise Refused("R1", "an offer on suspicion names a unit, not a department")


def refuse_period_without_reason(command: SendOffer) -> None:
    """R10: 3 or 6 months, or another length with a reason."""
    if command.period_months not in command.policy.agreement.periods_months and not command.period_reason:
        raise Refused("R10", "{months} months need a reason", months=command.period_months)
