"""A deadline as it is shown, with its reasons (R27)."""

from datetime import date, datetime

from pydantic import BaseModel

from shared.deadlines.deadline import Deadline
from shared.deadlines.in_words import Language


class DeadlineView(BaseModel):
    """R27: a deadline and why it is what it is."""

    last_day: date
    ends_at: datetime
    """Exclusive."""
    why: str

    @classmethod
    def of(cls, deadline: Deadline, language: Language) -> "DeadlineView":
        """Returns the view of a deadline, with its reasons in a language."""
        return cls(last_day=deadline.last_day, ends_at=deadline.ends_at, why=deadline.explain(language))
