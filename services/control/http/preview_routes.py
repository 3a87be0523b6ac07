"""What would have to move if a deadline moved or a colleague were away, over HTTP; nothing moves (R13, R17, R18)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from services.control.lookups.previews import WouldMove, if_away, if_deadline_moved
from services.control.planning.rules.calendar_period import LONGEST_DAYS
from services.control.planning.rules.visit import VisitKind
from services.control.rules.course_decider import COURSE, require_running
from shared.contracts.vocabulary import Span
from shared.http.access import Asker
from shared.http.bodies import PersonId
from shared.http.field_types import Day
from shared.http.openapi import READ, problems
from shared.http.problems import malformed
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["calendar"])
Person = Annotated[PersonId, Path(description="Pseudonymous id, as tokens carry it.")]


class VisitThatWouldMove(BaseModel):
    """R17: a visit that could not stay where it is."""

    kind: Annotated[VisitKind, Field(description="A meeting is not moved: another time is agreed with the company.")]
    agreement_id: UUID
    place_id: UUID
    day: date
    announced: Annotated[bool, Field(description="R18: whether the company was told of the day.")]
    possible: Annotated[int, Field(description="R18: on how many days of its window it would have a place.")]
    finds_place: Annotated[
        bool, Field(description="Whether it would have a place in its window beside all others that have to move.")
    ]

    @classmethod
    def of(cls, one: WouldMove) -> Self:
        """Returns a visit as it is shown; the day to which it would move is drawn only when it moves."""
        visit = one.visit
        return cls(
            kind=visit.kind,
            agreement_id=visit.stream,
            place_id=visit.place_id,
            day=visit.day,
            announced=visit.announced,
            possible=one.possible,
            finds_place=one.finds_place,
        )


class Preview(BaseModel):
    """R17: what would have to move. Nothing was recorded, and nothing is kept free."""

    visits: Annotated[list[VisitThatWouldMove], Field(description="Those whose windows end first come first.")]

    @classmethod
    def of(cls, found: Sequence[WouldMove]) -> Self:
        """Returns the visits that would move."""
        return cls(visits=[VisitThatWouldMove.of(one) for one in found])


@router.get("/v1/agreements/{agreement_id}/bookings/preview", responses=problems(400, 404, 409), **READ)
async def preview_longer_deadline(
    agreement_id: UUID,
    request: Request,
    asker: Asker,
    deadline: Annotated[Day, Query(description="R13: the last day of the longer compliance period.")],
) -> Preview:
    """Returns which visits a longer deadline would move, and on how many days each would be possible (R13, R17, R18).

    For inspectors and leaders. Refuses (409) a day that is no later than the present deadline, or is over.
    """
    asker.require_role(Role.INSPECTOR, Role.LEADER)
    runtime, now = runtime_of(request), runtime_of(request).clock.now()
    state, _, _ = await runtime.gate.read(request, asker, COURSE, agreement_id)
    course = require_running("R13", state)
    return Preview.of(await if_deadline_moved(runtime, course, deadline, now, runtime.policies.at(now)))


@router.get("/v1/people/{person_id}/absence-preview", **READ)
async def preview_absence(
    person_id: Person,
    request: Request,
    asker: Asker,
    first: Annotated[Day, Query(alias="from", description="R42: the first day of the absence.")],
    last: Annotated[Day, Query(alias="to", description="R42: the last day, that day included.")],
) -> Preview:
    """Returns which visits an absence would move, on how many days each would be possible, and which find no place.

    For inspectors and leaders (R17, R18, R42).
    """
    asker.require_role(Role.INSPECTOR, Role.LEADER)
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise malformed("query.to", "there is no such period, or it has more than {most} days", most=LONGEST_DAYS)
    runtime, now = runtime_of(request), runtime_of(request).clock.now()
    await runtime.gate.wait_for_token(request, asker)
    return Preview.of(await if_away(runtime, person_id, Span(first=first, last=last), now, runtime.policies.at(now)))
