"""A visit that stands in somebody's calendar, whatever it is for (R7, R12, R17)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.vocabulary import ContactForm, Drawn, VisitHours


class VisitKind(StrEnum):
    """What a visit is for. A kind is added here, and in the function that finds the visits of a course."""

    CONTROL = "control"
    """R17: decides whether an agreement is kept."""
    PLANNED_CONTROL = "planned-control"
    """R17: a control that has its place, and is not booked yet."""
    INSPECTION = "inspection"
    """R7: resumes the investigation after an offer that was not accepted."""
    HELD_PLACE = "held-place"
    """R12: kept free for a guidance meeting, until the company has chosen a time."""
    GUIDANCE_MEETING = "guidance-meeting"
    """R12: a guidance meeting that is booked."""


@dataclass(frozen=True)
class VisitWindow:
    """R7, R17: the days inside which a visit is in time, both ends included."""

    first: date
    last: date


@dataclass(frozen=True)
class Visit:
    """A visit as it stands in a calendar: for the authority only, because its day may be hidden (R18)."""

    kind: VisitKind
    stream: UUID
    """The stream of the course, which is named after the agreement."""
    visit_id: UUID
    """Id of the control, inspection or meeting; a control or inspection that is moved gets another one."""
    place_id: UUID
    """R19: which place of the agreement is visited."""
    p_number: str
    cvr: str
    topic: str
    inspector: str
    day: date
    slot: int
    """Which of the inspector's visits on that day it is, from 1."""
    hours: VisitHours
    form: ContactForm
    announced: bool
    """R18: whether the company was told of the day."""
    window: VisitWindow
    late_reason: str | None
    """R17: why the visit is late, where it is."""
    drawn: Drawn | None
    """R18: how the day was drawn; None where somebody chose it."""
    booked_at: datetime

    @property
    def is_late(self) -> bool:
        """R7, R17: returns whether the visit lies after its window."""
        return self.day > self.window.last
