"""Every occasion on which somebody is told, by the part of the process that it belongs to (R29)."""

from collections.abc import Mapping

from services.notices.rules.occasion import OccasionRule
from services.notices.rules.occasions import (
    before_the_answer,
    control,
    documentation,
    guidance,
    hearing_and_result,
    people,
)
from shared.contracts.notices import Occasion

OCCASIONS: Mapping[Occasion, OccasionRule] = {
    one.occasion: one
    for one in (
        *before_the_answer.OCCASIONS,
        *guidance.OCCASIONS,
        *documentation.OCCASIONS,
        *control.OCCASIONS,
        *hearing_and_result.OCCASIONS,
        *people.OCCASIONS,
    )
}
"""The table of all occasions."""
