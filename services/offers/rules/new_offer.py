"""The offer that an inspector makes: where, on what topic, on what grounds, and for how long (R1, R2, R7, R8, R10)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.carrying_over_to_new_owner import refuse_to_carry_over
from services.offers.rules.earlier_offer import refuse_what_follows_from_nothing
from services.offers.rules.eligibility import (
    Quarantine,
    Unit,
    refuse_in_quarantine,
    refuse_ineligible_unit,
    refuse_taken,
)
from services.offers.rules.grounds import refuse_wrong_grounds
from services.offers.rules.letter import LETTER_VERSION
from services.offers.rules.phases import State
from services.offers.rules.violations_pending_decision import refuse_where_undecided
from shared.contracts.offers import OfferSent, OfferTerms
from shared.contracts.vocabulary import AgreementKind, Centre
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy


@dataclass(frozen=True)
class SendOffer:
    """The inspector's offer (R1)."""

    at: datetime
    policy: Policy
    agreement_id: UUID
    told: OfferTerms
    unit: Unit | None
    """None where the register does not know the unit."""
    inspector: str
    quarantines: tuple[Quarantine, ...]
    undecided: tuple[UUID, ...]
    """R14: undecided agreements of which a control has found a violation at the unit."""
    slot: int | None = 1
    """R8: a place among the open agreements on the topic at the unit; None where all are taken."""
    earlier: State | None = None
    """R7: current state of the offer from which this one follows."""
    carried: State | None = None
    """R40: current state of the agreement that is to be carried over."""
    centre: Centre | None = None
    """R42: centre of the inspector, as the directory has it."""
    number: str | None = None
    """R26: the number of the agreement; None in a dry run, which takes none."""


def send(command: SendOffer) -> OfferSent:
    """R1, R2, R7, R8, R10, R40: records a new offer; refuses content, a unit or a period that is not allowed."""
    policy, told = command.policy, command.told
    about = (told.cvr, told.p_number, told.topic)
    with every_fault() as check:
        with check:
            grounds = refuse_wrong_grounds(told.kind, told.grounds)
        check(refuse_misplaced_department, command)
        if told.follows is not None:
            check(refuse_what_follows_from_nothing, command.earlier, told.follows, told.kind, about)
        if told.carries_over is not None:
            terms = (told.kind, told.p_number, told.topic, told.period_months)
            check(refuse_to_carry_over, command.carried, told.carries_over, told.cvr, terms, policy)
        check(refuse_ineligible_unit, command.unit, told.p_number, told.cvr, policy)
        check(refuse_period_without_reason, command)
        check(refuse_in_quarantine, command.quarantines, told.p_number, command.at)
        check(refuse_where_undecided, command.undecided, told.p_number)
        with check:
            slot = refuse_taken(command.slot, told.p_number, told.topic)
    return OfferSent(
        agreement_id=command.agreement_id,
        inspector=command.inspector,
        response_rule="R3",
        letter_version=LETTER_VERSION,
        sent_at=command.at,
        slot=slot,
        is_carried_over=told.carries_over is not None,
        centre=command.centre,
        number=command.number,
        **dict(told) | {"grounds": grounds},
    )


def refuse_misplaced_department(command: SendOffer) -> None:
    """R1: refuses a department in an offer on suspicion; only a spread offer names one."""
    if command.told.department is not None and command.told.kind is not AgreementKind.SPREAD:
        raise Refused("R1", "an offer on suspicion names a unit, not a department")


def refuse_period_without_reason(command: SendOffer) -> None:
    """R10: refuses a period other than 3 or 6 months that has no reason."""
    months = command.told.period_months
    if months not in command.policy.agreement.periods_months and not command.told.period_reason:
        raise Refused("R10", "{months} months need a reason", months=months)
