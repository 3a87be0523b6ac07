"""How the authority is shown a calendar. Nothing of it is for a company: days may be hidden from it (R18)."""

from datetime import date, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.control.planning.lookups.load import Load
from services.control.planning.rules.calendar import FreePlace, WhyNotFree
from services.control.planning.rules.half_hours import begins_at, half_hours_of
from services.control.planning.rules.visit import Visit, VisitKind
from shared.contracts.vocabulary import Centre, ContactForm


class CalendarWindow(BaseModel):
    """R7, R17: the days inside which a visit is in time, both ends included."""

    first: date
    last: date


class CalendarEntry(BaseModel):
    """R17: a visit that stands in somebody's calendar."""

    kind: Annotated[VisitKind, Field(description="A control, or the inspection after a no (R7).")]
    agreement_id: UUID
    visit_id: Annotated[UUID, Field(description="The control or inspection; a visit that is moved gets another id.")]
    place_id: Annotated[UUID, Field(description="R19: which place of the agreement is visited.")]
    p_number: str
    cvr: str
    topic: str
    inspector: str
    day: date
    begins: Annotated[time, Field(description="In Copenhagen, with travel and preparation.")]
    ends: Annotated[time, Field(description="In Copenhagen, with travel and preparation.")]
    form: Annotated[ContactForm, Field(description="R18: a visit, or by phone or virtually.")]
    announced: Annotated[bool, Field(description="R18: whether the company was told of the day.")]
    window: Annotated[CalendarWindow, Field(description="The days inside which the visit is in time.")]
    late: Annotated[bool, Field(description="Whether the visit lies after its window.")]
    late_reason: Annotated[str | None, Field(description="R17: code of the reason for a late day.")]

    @classmethod
    def of(cls, visit: Visit) -> Self:
        """Returns a visit as the authority is shown one."""
        taken = half_hours_of(visit.hours)
        return cls(
            kind=visit.kind,
            agreement_id=visit.stream,
            visit_id=visit.visit_id,
            place_id=visit.place_id,
            p_number=visit.p_number,
            cvr=visit.cvr,
            topic=visit.topic,
            inspector=visit.inspector,
            day=visit.day,
            begins=visit.hours.begins,
            ends=begins_at((taken[-1] + 1) % _HALF_HOURS_OF_A_DAY),
            form=visit.form,
            announced=visit.announced,
            window=CalendarWindow(first=visit.window.first, last=visit.window.last),
            late=visit.is_late,
            late_reason=visit.late_reason,
        )


_HALF_HOURS_OF_A_DAY = 48
"""A visit that ends at midnight ends at 00:00."""


class FreeDay(BaseModel):
    """R17: whether a further visit has a place on a day."""

    day: date
    free: Annotated[bool, Field(description="Whether a further visit of the usual length has a place.")]
    why_not: Annotated[WhyNotFree | None, Field(description="Why there is no place; null where there is one.")]

    @classmethod
    def of(cls, day: date, place: FreePlace | WhyNotFree) -> Self:
        """Returns a day; where a visit would begin is not shown, because nothing is chosen by asking."""
        free = isinstance(place, FreePlace)
        return cls(day=day, free=free, why_not=None if isinstance(place, FreePlace) else place)


class FreeDays(BaseModel):
    """R17: the working days of a period in the calendar of one person."""

    person: Annotated[str, Field(description="Pseudonymous id, as tokens carry it.")]
    days: Annotated[list[FreeDay], Field(description="Every working day of the period, in order.")]


class PersonLoad(BaseModel):
    """R17: how much of a person's working time is taken by visits."""

    person: Annotated[str, Field(description="Pseudonymous id, as tokens carry it.")]
    worked_half_hours: Annotated[int, Field(description="Worked in the period, without absences and closed days.")]
    taken_half_hours: Annotated[int, Field(description="Taken by visits, with travel and preparation.")]
    visits: Annotated[int, Field(description="How many visits these are.")]

    @classmethod
    def of(cls, load: Load) -> Self:
        """Returns the load of a person."""
        return cls(
            person=load.person,
            worked_half_hours=load.worked,
            taken_half_hours=load.taken,
            visits=load.visits,
        )


class CentreLoad(BaseModel):
    """R17, R42: the load of everybody of a centre together."""

    centre: Centre
    people: Annotated[int, Field(description="How many people belong to the centre.")]
    worked_half_hours: Annotated[int, Field(description="Worked in the period by all of them together.")]
    taken_half_hours: Annotated[int, Field(description="Taken by visits of all of them together.")]
    visits: Annotated[int, Field(description="How many visits these are.")]

    @classmethod
    def of(cls, centre: Centre, loads: list[Load]) -> Self:
        """Returns the sum over the people of a centre."""
        return cls(
            centre=centre,
            people=len(loads),
            worked_half_hours=sum(load.worked for load in loads),
            taken_half_hours=sum(load.taken for load in loads),
            visits=sum(load.visits for load in loads),
        )


class CentreLoads(BaseModel):
    """R17, R42: the load of every centre."""

    centres: Annotated[list[CentreLoad], Field(description="Each centre, whether anybody belongs to it or not.")]
