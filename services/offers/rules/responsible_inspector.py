"""The inspector responsible for an open offer: reassigned here, and noted when control reassigns an agreement (R15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.offers.rules.phases import Ended, Open, Running
from shared.contracts.offers import InspectorNoted, OfferReassigned
from shared.contracts.vocabulary import Centre, NextInspector
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


@dataclass(frozen=True)
class ReassignOffer:
    """An unanswered offer gets another responsible inspector (R15)."""

    at: datetime
    by: str
    told: NextInspector
    centre: Centre | None = None
    """R42: centre of the new inspector, as the directory has it."""


@dataclass(frozen=True)
class NoteInspector:
    """Reaction: in control, another inspector is responsible for what followed the offer (R15)."""

    at: datetime
    inspector: str


def reassign(offer: Open, command: ReassignOffer) -> OfferReassigned:
    """R15: moves an unanswered offer to another inspector; after the answer the agreement itself is reassigned."""
    if command.told.inspector == offer.about.inspector:
        raise Refused("R15", "{inspector} is responsible already", inspector=command.told.inspector)
    return OfferReassigned(
        agreement_id=offer.sent.agreement_id,
        previous=offer.about.inspector,
        reassigned_at=command.at,
        reassigned_by=command.by,
        centre=command.centre,
        **dict(command.told),
    )


def note_inspector(state: Running | Ended, command: NoteInspector) -> Sequence[Event]:
    """R15, R30: records the new responsible inspector; whoever else acts from now on is a stand-in."""
    if command.inspector == state.about.inspector:
        return ()
    return (InspectorNoted(agreement_id=state.sent.agreement_id, inspector=command.inspector, noted_at=command.at),)
