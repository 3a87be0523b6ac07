"""A deadline that carries everything needed to explain itself."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.deadlines import explanation
from shared.deadlines.copenhagen import end_of
from shared.deadlines.danish_calendar import ClosedDay
from shared.deadlines.in_words import Language
from shared.visibility import Shown


class LengthUnit(StrEnum):
    """What a length is counted in."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Length(_Value):
    """How far a deadline lies from the day it counts from."""

    number: Shown[int]
    unit: Shown[LengthUnit]
    share_of_period: Shown[str | None] = None
    """R12: the share of the compliance period that these days are, e.g. `1/3`."""


class Extension(_Value):
    """R13: a granted longer deadline; the old day stays explainable."""

    granted_at: Shown[AwareDatetime]
    previous_last_day: Shown[date]
    policy: Shown[str | None] = None
    """Version of the policy by whose calendar the later day was found; None in facts of the first release."""


class Recount(_Value):
    """R27: the last day was counted again by a corrected calendar; the day before it stays explainable."""

    recounted_at: Shown[AwareDatetime]
    previous_last_day: Shown[date]


class Deadline(_Value):
    """R27: the end of a period, with the event, rule, policy and skipped days that made it."""

    rule: Shown[str]
    """Id of the rule in the description of the domain, e.g. `R3`."""
    policy: Shown[str]
    """Version of the policy by which it was computed."""
    anchor: Shown[AwareDatetime]
    """The instant of the event from which it counts, in UTC."""
    anchor_event: Shown[str]
    """Name of that event, e.g. `OfferDelivered`."""
    counted_from: Shown[date]
    """The day in Copenhagen from which it counts."""
    length: Shown[Length]
    first_day_counts: Shown[bool] = False
    """R3: whether the day it counts from is itself the first day."""
    last_day: Shown[date]
    """The last day, in Copenhagen, on which something is in time."""
    ends_at: Shown[AwareDatetime]
    """Exclusive: midnight in Copenhagen after the last day, in UTC. What comes at this instant is late."""
    skipped: Shown[tuple[ClosedDay, ...]] = ()
    """The closed days over which the last day moved, in order."""
    extensions: Shown[tuple[Extension, ...]] = ()
    recounts: Shown[tuple[Recount, ...]] = ()

    @cached_property
    def as_json(self) -> Mapping[str, Any]:
        """Returns the deadline as it is stored and published; it is made once, because a deadline never changes."""
        return self.model_dump(mode="json")

    def has_passed(self, instant: datetime) -> bool:
        """R3: returns whether an instant is too late: 23:59 of the last day is not, 00:00 after it is."""
        return instant >= self.ends_at

    def is_over_on(self, day: date) -> bool:
        """R3: returns whether the deadline is over on a whole day, which is any day after the last one."""
        return day > self.last_day

    @property
    def last_grant(self) -> Extension | None:
        """R13: returns the grant that set the last day; None where it is still its own length from its anchor."""
        return self.extensions[-1] if self.rule == explanation.EXTENDED_ITSELF and self.extensions else None

    @property
    def latest_move(self) -> Extension | Recount | None:
        """R13, R27: returns what moved the last day most recently; None if nothing did."""
        moves: list[tuple[datetime, Extension | Recount]] = [(one.granted_at, one) for one in self.extensions]
        moves += [(one.recounted_at, one) for one in self.recounts]
        return max(moves, key=lambda move: move[0], default=(None, None))[1]

    def moved_to(self, last_day: date, skipped: tuple[ClosedDay, ...], **why: Any) -> Self:
        """Returns the deadline with another last day; `why` names the extensions or recounts that it has then."""
        moved = self.model_copy(update={"last_day": last_day, "ends_at": end_of(last_day), "skipped": skipped, **why})
        moved.__dict__.pop("as_json", None)  # that of the deadline before, which a copy takes along
        return moved

    def reasons(self) -> Mapping[str, str]:
        """R27: returns why the deadline is this day, as values of a refusal: `why_da` and `why_en`."""
        return {"why_da": self.explain("da"), "why_en": self.explain("en")}

    def explain(self, language: Language) -> str:
        """R27: returns why the deadline is this day, in plain Danish or English."""
        return explanation.TEXTS[language](self)
