"""Minutes of inspectors by phase, of agreements and of orders (R37)."""

from dataclasses import dataclass
from typing import Annotated

from services.reporting.cases.columns import ANALYSTS, Column

_TOLD_ALONE = (
    *("TimeSpent.minutes", "TimeCorrected.minutes", "TimeCorrected.previous_minutes", "OrderTimeRecorded.minutes"),
)
"""Facts that name the phase."""


def _minutes(meaning: str, *of: str) -> Column:
    return Column(meaning, of=(*_TOLD_ALONE, *of), shown=ANALYSTS)


@dataclass(frozen=True)
class TimeSpent:
    """The columns of the area."""

    minutes_investigation: Annotated[
        int, _minutes("Minutes of inspectors on investigation (R37).", "InvestigationConcluded.minutes_spent")
    ] = 0
    minutes_offer: Annotated[
        int,
        _minutes(
            "Minutes on the offer.",
            "OfferUnderstandingAsked.minutes_spent",
            "OfferUnderstandingCorrected.minutes_spent",
        ),
    ] = 0
    minutes_guidance: Annotated[
        int, _minutes("Minutes on guidance.", "GuidanceHeld.minutes_spent", "MeetingCorrected.minutes_spent")
    ] = 0
    minutes_documentation: Annotated[int, _minutes("Minutes on documentation.")] = 0
    minutes_control: Annotated[
        int,
        _minutes(
            "Minutes on control.",
            "ControlCompleted.minutes_spent",
            "ControlTurnedIntoGuidance.minutes_spent",
            "ControlCorrected.minutes_spent",
            "FollowUpHeld.minutes_spent",
        ),
    ] = 0
    minutes_system: Annotated[int, _minutes("Minutes in the system.")] = 0
