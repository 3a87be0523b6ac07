"""What the company reported, and the controls that are booked and held (R16-R21, R33, R39)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from services.reporting.cases.columns import ANALYSTS, DETAIL, Column


@dataclass(frozen=True)
class Control:
    """The columns of the area."""

    documentation_at: Annotated[
        datetime | None,
        Column(
            "When the first part of the documentation came.",
            of=("DocumentationReceived.received_at",),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    documentation_parts: Annotated[
        int, Column("How many parts of documentation came.", of=("DocumentationReceived.part",), shown=ANALYSTS)
    ] = 0
    documentation_complete_at: Annotated[
        datetime | None,
        Column(
            "When the documentation was complete (R16, R17).",
            of=("DocumentationReceived.complete", "DocumentationReceived.received_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    bookings: Annotated[
        Mapping[str, Any],
        Column(
            "By place the control that is booked there (R18, R19).",
            of=(
                "SampleChosen.places",
                "Terminated",
                "ControlBooked.control_id",
                "ControlBooked.day",
                "ControlBooked.booked_at",
                "ControlBooked.announced",
                "ControlBooked.late_reason",
                "ControlBooked.drawn",
                "ControlBooked.joins",
                "AnnouncedControlCancelled.control_id",
                "ControlCompleted",
                "ControlTurnedIntoGuidance",
                "FreshInvestigationNeeded",
                "DecisionRevoked",
                "Fulfilled",
                "Breached",
            ),
        ),
    ] = field(default_factory=dict)
    control_id: Annotated[
        UUID | None,
        Column(
            "The booked control that comes next.",
            of=(
                "SampleChosen",
                "Terminated",
                "ControlBooked.control_id",
                "AnnouncedControlCancelled",
                "ControlTurnedIntoGuidance",
                "FreshInvestigationNeeded",
                "DecisionRevoked",
            ),
        ),
    ] = None
    control_day: Annotated[
        date | None,
        Column(
            "The day for which control is booked.",
            of=(
                "SampleChosen",
                "Terminated",
                "ControlBooked.day",
                "AnnouncedControlCancelled",
                "ControlTurnedIntoGuidance",
                "FreshInvestigationNeeded",
                "DecisionRevoked",
            ),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    control_booked_at: Annotated[
        datetime | None,
        Column(
            "When the control was booked.",
            of=(
                "SampleChosen",
                "Terminated",
                "ControlBooked.booked_at",
                "AnnouncedControlCancelled",
                "ControlTurnedIntoGuidance",
                "FreshInvestigationNeeded",
                "DecisionRevoked",
            ),
            shown=ANALYSTS,
        ),
    ] = None
    control_announced: Annotated[
        bool | None,
        Column(
            "Whether the company was told of the day (R18).",
            of=(
                "SampleChosen",
                "Terminated",
                "ControlBooked.announced",
                "AnnouncedControlCancelled",
                "ControlTurnedIntoGuidance",
                "FreshInvestigationNeeded",
                "DecisionRevoked",
            ),
            shown=ANALYSTS,
        ),
    ] = None
    control_late_reason: Annotated[
        str | None,
        Column(
            "Coded reason for a day after the 60 days (R17).",
            of=(
                "SampleChosen",
                "Terminated",
                "ControlBooked.late_reason",
                "AnnouncedControlCancelled",
                "ControlCompleted.late_reason",
                "ControlTurnedIntoGuidance",
                "FreshInvestigationNeeded",
                "ControlCorrected.late_reason",
                "DecisionRevoked",
            ),
            shown=ANALYSTS,
        ),
    ] = None
    controls_undecided: Annotated[
        int,
        Column(
            "How many controls were turned into guidance (R21).",
            of=("ControlTurnedIntoGuidance", "FreshInvestigationNeeded"),
            shown=ANALYSTS,
        ),
    ] = 0
    control_held_at: Annotated[
        datetime | None,
        Column(
            "When the control that decided was held.",
            of=("ControlCompleted.held_at", "ControlCorrected.held_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    control_form: Annotated[
        str | None,
        Column(
            "On site, by telephone and so on, coded.",
            of=("ControlCompleted.form", "ControlCorrected.form"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    controls: Annotated[
        Mapping[str, Any],
        Column(
            "By place what was found, when, whether in time, and the minutes that it took (R17, R20).",
            of=(
                "ControlCompleted.outcome",
                "ControlCompleted.held_at",
                "ControlCompleted.within_window",
                "ControlCompleted.late_reason",
                "ControlCompleted.minutes_spent",
                "ControlCompleted.from_meeting",
                "ControlCompleted.form",
                "ControlCorrected.outcome",
                "ControlCorrected.held_at",
                "ControlCorrected.within_window",
                "ControlCorrected.late_reason",
                "ControlCorrected.minutes_spent",
            ),
        ),
    ] = field(default_factory=dict)
    control_outcome: Annotated[
        str | None,
        Column(
            "What the control decided.",
            of=("ControlCompleted.outcome", "ControlCorrected.outcome"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    within_60_days: Annotated[
        bool | None,
        Column(
            "Whether control was held within 60 days (R17); null until then.",
            of=("ControlCompleted.within_window", "ControlCorrected.within_window"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    control_involvement: Annotated[
        Mapping[str, Any] | None,
        Column(
            "By side how far it was involved, as asked at the control (R33).",
            of=("ControlCompleted.involvement", "ControlCorrected.involvement"),
        ),
    ] = None
    spread_further: Annotated[
        bool | None,
        Column(
            "Whether measures were spread further, as last answered (R39).",
            of=("ControlCompleted.spread_further", "FollowUpHeld.spread_further"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    included_places: Annotated[
        int,
        Column(
            "How many places the agreement includes (R10).",
            of=("Accepted.places", "ComplianceDeadlineSet.places"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = 1
    places_controlled: Annotated[
        int,
        Column(
            "How many of them were controlled (R19).",
            of=("ControlCompleted.place_id", "ControlCorrected.place_id"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = 0
    other_findings: Annotated[
        int,
        Column(
            "How many other findings there were at control (R20).",
            of=("OtherFindingRecorded",),
            shown=DETAIL | ANALYSTS,
        ),
    ] = 0
    windows_at_risk: Annotated[
        Mapping[str, Any],
        Column(
            "By place why a control may have to be held after its window (R17).",
            of=("WindowAtRisk.place_id", "WindowAtRisk.risk", "WindowSafeAgain.place_id", "ControlCompleted.place_id"),
        ),
    ] = field(default_factory=dict)
    places_not_found: Annotated[
        Mapping[str, Any],
        Column(
            "By place since when no day was found for its control, or the inspection after a no, and why (R7, R17).",
            of=(
                "PlaceNotFound.place_id",
                "PlaceNotFound.sought_at",
                "PlaceNotFound.last_day",
                "PlaceNotFound.again_at",
                "PlaceNotFound.cause",
                "PlaceNotFound.would_make_room",
                "PlaceNotFound.late_too",
                "PlaceFitsAgain.place_id",
                "ControlPlanned.place_id",
                "ControlBooked.place_id",
                "ControlTurnedIntoGuidance.place_id",
                "FreshInvestigationNeeded.place_id",
                "ControlCompleted.place_id",
                "SampleChosen.places",
                "InspectorChanged",
                "Terminated",
                "Fulfilled",
                "Breached",
                "NewInspectionBooked",
                "InvestigationConcluded",
            ),
            shown=DETAIL,
        ),
    ] = field(default_factory=dict)
