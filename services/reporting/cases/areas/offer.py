"""An offer on its way, until it is answered or ends without an answer (R1-R9, R36)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from services.reporting.cases.columns import ANALYSTS, DETAIL, Column


@dataclass(frozen=True)
class Offer:
    """The columns of the area."""

    delivered_at: Annotated[
        datetime | None,
        Column(
            "When the offer was delivered (R4).",
            of=("OfferDelivered.available_at", "DeliveryCorrected.available_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    delivery_failures: Annotated[
        int, Column("How often delivery failed.", of=("DeliveryFailed",), shown=DETAIL | ANALYSTS)
    ] = 0
    undelivered: Annotated[
        bool,
        Column(
            "Whether the offer could not be delivered.",
            of=("OfferDelivered", "DeliveryFailed", "DeliveryCorrected"),
            shown=ANALYSTS,
        ),
    ] = False
    resent: Annotated[
        int, Column("How often the offer was sent again.", of=("OfferResent",), shown=DETAIL | ANALYSTS)
    ] = 0
    read_at: Annotated[
        datetime | None,
        Column("When somebody at the company opened the offer (R5).", of=("OfferOpened.opened_at",), shown=ANALYSTS),
    ] = None
    halfway_at: Annotated[
        datetime | None,
        Column("When half of the time had passed without an answer (R5).", of=("OfferUnansweredHalfway.at",)),
    ] = None
    understanding_asked_at: Annotated[
        datetime | None,
        Column(
            "When the company was asked whether it understood the offer (R5).",
            of=(
                "OfferUnderstandingAsked.held_at",
                "OfferUnderstandingAsked.reached",
                "OfferUnderstandingCorrected.held_at",
                "OfferUnderstandingCorrected.reached",
            ),
            shown=ANALYSTS,
        ),
    ] = None
    offer_understood: Annotated[
        bool | None,
        Column(
            "What it answered.",
            of=("OfferUnderstandingAsked.understood", "OfferUnderstandingCorrected.understood"),
            shown=ANALYSTS,
        ),
    ] = None
    contacts: Annotated[
        Mapping[str, Any],
        Column(
            "By contact about the unanswered offer, as told now: reached, understood, held_at, minutes (R5).",
            of=(
                "OfferUnderstandingAsked.contact_id",
                "OfferUnderstandingAsked.reached",
                "OfferUnderstandingAsked.understood",
                "OfferUnderstandingAsked.held_at",
                "OfferUnderstandingAsked.minutes_spent",
                "OfferUnderstandingCorrected.contact_id",
                "OfferUnderstandingCorrected.reached",
                "OfferUnderstandingCorrected.understood",
                "OfferUnderstandingCorrected.held_at",
                "OfferUnderstandingCorrected.minutes_spent",
            ),
        ),
    ] = field(default_factory=dict)
    accepted_at: Annotated[
        datetime | None, Column("When the offer was accepted.", of=("Accepted.accepted_at",), shown=DETAIL | ANALYSTS)
    ] = None
    accept_reason: Annotated[
        str | None, Column("Coded reason of the acceptance (R36).", of=("Accepted.reason",), shown=ANALYSTS)
    ] = None
    declined_at: Annotated[
        datetime | None, Column("When the offer was declined.", of=("Declined.declined_at",), shown=DETAIL | ANALYSTS)
    ] = None
    decline_reason: Annotated[
        str | None, Column("Coded reason of the no (R36).", of=("Declined.reason",), shown=ANALYSTS)
    ] = None
    lapsed_at: Annotated[
        datetime | None,
        Column("When the offer lapsed unanswered (R6).", of=("Lapsed.lapsed_at",), shown=DETAIL | ANALYSTS),
    ] = None
    withdrawn_at: Annotated[
        datetime | None,
        Column("When the offer was withdrawn.", of=("Withdrawn.withdrawn_at",), shown=DETAIL | ANALYSTS),
    ] = None
    withdrawal_rule: Annotated[
        str | None, Column("The rule by which it was withdrawn.", of=("Withdrawn.rule",), shown=DETAIL | ANALYSTS)
    ] = None
    acceptance_conflict: Annotated[
        bool,
        Column(
            "Whether it was accepted before a breach elsewhere became known (R8).",
            of=("AcceptanceConflictFlagged",),
            shown=DETAIL | ANALYSTS,
        ),
    ] = False
