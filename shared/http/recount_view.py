"""How a case shows that the corrected calendar moved one of its deadlines (R27)."""

from datetime import date, datetime
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, Field

from shared.deadlines.deadline import Deadline
from shared.deadlines.in_words import Language
from shared.deadlines.recounting import DateName

RECOUNTS = "R27: how often a corrected calendar has moved a deadline of the case, the first time first."


class RecountedFact(Protocol):
    """What every fact of a recounted deadline tells."""

    @property
    def previous(self) -> Deadline:
        """Returns the deadline as it stood before."""

    @property
    def recounted_at(self) -> datetime:
        """Returns when it was counted again."""

    @property
    def recounted_by(self) -> str:
        """Returns the pseudonymous id of the operator."""

    @property
    def reason(self) -> str | None:
        """Returns the operator's reason; None where it was erased."""


class RecountView(BaseModel):
    """R27: a deadline was counted again, because the calendar was corrected."""

    deadline: Annotated[DateName, Field(description="Which deadline it is.")]
    previous_last_day: Annotated[date, Field(description="The last day before.")]
    last_day: Annotated[date, Field(description="The last day that the corrected calendar gives.")]
    why_before: Annotated[str, Field(description="How the last day before was computed.")]
    why: Annotated[str, Field(description="How the last day was computed by the corrected calendar.")]
    recounted_at: Annotated[datetime, Field(description="When it was counted again, UTC.")]
    recounted_by: Annotated[str, Field(description="Pseudonymous id of the operator.")]
    reason: Annotated[str | None, Field(description="Why the calendar was corrected; null where it was erased.")]

    @classmethod
    def of(cls, name: DateName, fact: RecountedFact, deadline: Deadline, language: Language) -> Self:
        """Returns how a recount is shown, with both explanations in a language."""
        return cls(
            deadline=name,
            previous_last_day=fact.previous.last_day,
            last_day=deadline.last_day,
            why_before=fact.previous.explain(language),
            why=deadline.explain(language),
            recounted_at=fact.recounted_at,
            recounted_by=fact.recounted_by,
            reason=fact.reason,
        )
