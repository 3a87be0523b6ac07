"""Guidance that is due, offered, answered and held (R12, R33)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from services.reporting.cases.columns import ANALYSTS, DETAIL, Column


@dataclass(frozen=True)
class Guidance:
    """The columns of a case that tell about its guidance."""

    guidance_stands: Annotated[
        str | None,
        Column(
            "How guidance stands now: not_offered, offered, accepted, declined, held, closed (R12, R30).",
            of=(
                "GuidanceScheduled",
                "GuidanceOffered",
                "GuidanceAccepted",
                "GuidanceDeclined",
                "GuidanceHeld.stands",
                "MeetingCorrected.stands",
                "GuidanceClosed",
                "Fulfilled",
                "Breached",
            ),
            shown=DETAIL,
        ),
    ] = None
    guidance_in_time: Annotated[
        bool | None,
        Column(
            "Whether it was offered, the first time, before its due day was over (R12).",
            of=("GuidanceOffered.offered_at", "GuidanceHeld.held_at"),
            shown=DETAIL,
        ),
    ] = None
    guidance_fell_due_at: Annotated[
        datetime | None,
        Column(
            "When guidance fell due, by the day that holds now (R12, R13).",
            of=("GuidanceScheduled.due", "GuidanceDueRecounted.due", "GuidanceFellDue.at"),
        ),
    ] = None
    guidance_overdue_at: Annotated[
        datetime | None,
        Column(
            "When guidance was overdue, as it had not been offered in time (R12).",
            of=("GuidanceBecameOverdue.at",),
            shown=ANALYSTS,
        ),
    ] = None
    guidance_offered_at: Annotated[
        datetime | None,
        Column("When guidance was offered (R12).", of=("GuidanceOffered.offered_at",), shown=DETAIL | ANALYSTS),
    ] = None
    guidance_accepted_at: Annotated[
        datetime | None, Column("When guidance was accepted (R12).", of=("GuidanceAccepted.answered_at",), shown=DETAIL)
    ] = None
    guidance_declined_at: Annotated[
        datetime | None,
        Column("When guidance was declined.", of=("GuidanceDeclined.answered_at",), shown=DETAIL | ANALYSTS),
    ] = None
    guidance_decline_reason: Annotated[
        str | None, Column("Coded reason why.", of=("GuidanceDeclined.reason",), shown=ANALYSTS)
    ] = None
    guidance_held_at: Annotated[
        datetime | None,
        Column(
            "When the first guidance meeting was held.",
            of=("GuidanceHeld.held_at", "MeetingCorrected.held_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    guidance_meetings: Annotated[
        int,
        Column(
            "How many guidance meetings were held.",
            of=("GuidanceHeld.informal", "MeetingCorrected.informal"),
            shown=ANALYSTS,
        ),
    ] = 0
    guidance_minutes: Annotated[
        int,
        Column(
            "Minutes of guidance meetings.",
            of=("GuidanceHeld.minutes_spent", "MeetingCorrected.minutes_spent"),
            shown=ANALYSTS,
        ),
    ] = 0
    guidance_involvement: Annotated[
        Mapping[str, Any] | None,
        Column(
            "By side how far it was involved, as last asked at guidance (R33).",
            of=("GuidanceOffered.involvement", "GuidanceHeld.involvement", "MeetingCorrected.involvement"),
        ),
    ] = None
    guidance_usefulness: Annotated[
        int | None,
        Column(
            "How useful the company found guidance, as it said last (R12).",
            of=("GuidanceHeld.usefulness", "UsefulnessRated.usefulness"),
            shown=ANALYSTS,
        ),
    ] = None
    informal_contacts: Annotated[
        int,
        Column(
            "How many informal contacts there were.",
            of=("GuidanceHeld.informal", "MeetingCorrected.informal"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = 0
    meetings: Annotated[
        Mapping[str, Any],
        Column(
            "By meeting, as told now: informal, minutes, held_at (R12, R30).",
            of=(
                "GuidanceHeld.informal",
                "GuidanceHeld.minutes_spent",
                "GuidanceHeld.held_at",
                "MeetingCorrected.informal",
                "MeetingCorrected.minutes_spent",
                "MeetingCorrected.held_at",
            ),
        ),
    ] = field(default_factory=dict)
