"""How the authority is shown people and centres, with names and addresses (R42)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.control.people.lookups.directory import reachable_in
from services.control.people.rules.phases import Gone, Listed, how_it_stands
from shared.contracts.vocabulary import Centre, PersonDescription, Reachable, Span, StandIn
from shared.eventstore.events import Recorded


class Absence(Span):
    """Days in which somebody is away; nobody asks why."""

    absence_id: UUID


class NamedStandIn(StandIn):
    """A colleague who acts for somebody in these days."""

    stand_in_id: UUID


class PersonView(PersonDescription, Reachable):
    """Somebody at the authority."""

    id: Annotated[str, Field(description="Pseudonymous id, as tokens and facts carry it.")]
    status: Annotated[Literal["listed", "gone"], Field(description="`gone` once a last day was said.")]
    last_day: Annotated[date | None, Field(description="The last day of work of who leaves or has left.")]
    absences: list[Absence]
    stand_ins: list[NamedStandIn]


class AddressView(BaseModel):
    """How somebody is called and reached, for notices."""

    name: str | None
    email: str | None


class CentreView(BaseModel):
    """A centre of the authority."""

    centre: Centre
    holidays: Annotated[list[date], Field(description="Days on which it is closed beside the public holidays.")]


class CentreList(BaseModel):
    """All centres."""

    centres: Annotated[list[CentreView], Field(description="Each with its holidays.")]


def person_view(state: Listed | Gone, history: Sequence[Recorded]) -> PersonView:
    """Returns a person as the authority is shown one."""
    listed = state.before if isinstance(state, Gone) else state
    reached = reachable_in(history) or Reachable()
    return PersonView(
        **dict(listed.described),
        id=listed.person_id,
        status="gone" if how_it_stands(state) == "gone" else "listed",
        last_day=state.last_day if isinstance(state, Gone) else None,
        **dict(reached),
        absences=[
            Absence(absence_id=absence_id, first=away.first, last=away.last)
            for absence_id, away in listed.absences.items()
        ],
        stand_ins=[
            NamedStandIn(stand_in_id=stand_in_id, stand_in=named.stand_in, first=named.first, last=named.last)
            for stand_in_id, named in listed.stand_ins.items()
        ],
    )
