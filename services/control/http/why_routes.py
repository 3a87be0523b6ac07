"""Why the visits of an agreement stand where they do, over HTTP; for inspectors and leaders (R17, R18, R27)."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.control.planning.rules.visit import VisitKind
from services.control.rules.course_decider import COURSE
from services.control.rules.why_booked import Move, Stood, WhyThere, move_in_words, why_there
from shared.contracts.vocabulary import PlanCause
from shared.deadlines.in_words import Language
from shared.http.access import Asker
from shared.http.openapi import READ, SEEN
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["calendar"])
InBoth = Annotated[dict[Language, str], Field(description="In Danish and in English.")]


class WhereItStood(BaseModel):
    """R17: on which day a visit stood, in whose calendar."""

    day: date
    inspector: str

    @classmethod
    def of(cls, stood: Stood | None) -> Self | None:
        """Returns where a visit stood; None if it stood nowhere."""
        return None if stood is None else cls(day=stood.day, inspector=stood.inspector)


class MoveOfVisit(BaseModel):
    """R27: a visit got its day, got another one, or fell away."""

    at: Annotated[datetime, Field(description="When it was recorded, UTC.")]
    fact: Annotated[str, Field(description="The type of the fact.")]
    cause: Annotated[PlanCause | None, Field(description="Why the system chose the place; null where it did not.")]
    by: Annotated[str, Field(description="Pseudonymous id of who acted, or the service.")]
    policy: Annotated[str | None, Field(description="Version of the policy that the place was chosen by.")]
    before: Annotated[WhereItStood | None, Field(description="Null if it stood nowhere before.")]
    after: Annotated[WhereItStood | None, Field(description="Null if it fell away.")]
    in_words: InBoth

    @classmethod
    def of(cls, move: Move) -> Self:
        """Returns a move as it is shown."""
        return cls(
            at=move.at,
            fact=move.fact,
            cause=move.cause,
            by=move.by,
            policy=move.policy,
            before=WhereItStood.of(move.before),
            after=WhereItStood.of(move.after),
            in_words={"da": move_in_words(move, "da"), "en": move_in_words(move, "en")},
        )


class WhyVisit(BaseModel):
    """R27: why a visit stands where it does."""

    kind: Annotated[VisitKind, Field(description="A control, planned or booked, or the inspection after a no (R7).")]
    place_id: Annotated[UUID, Field(description="R19: which place of the agreement is visited.")]
    day: date
    inspector: str
    drawn: Annotated[bool, Field(description="R18: whether the day was drawn; else somebody chose it.")]
    possible: Annotated[int | None, Field(description="R18: how many days were possible when it was drawn.")]
    in_words: InBoth
    moves: Annotated[list[MoveOfVisit], Field(description="All moves, the oldest first; the last one led here.")]

    @classmethod
    def of(cls, why: WhyThere) -> Self:
        """Returns the reasons as they are shown."""
        visit = why.visit
        return cls(
            kind=visit.kind,
            place_id=visit.place_id,
            day=visit.day,
            inspector=visit.inspector,
            drawn=visit.drawn is not None,
            possible=visit.drawn.possible if visit.drawn else None,
            in_words={"da": why.explained("da"), "en": why.explained("en")},
            moves=[MoveOfVisit.of(move) for move in why.moves],
        )


class WhyBookings(BaseModel):
    """R27: the visits of an agreement that stand in calendars, with their reasons."""

    agreement_id: UUID
    visits: Annotated[list[WhyVisit], Field(description="By their days; none once all were held.")]


@router.get("/v1/agreements/{agreement_id}/bookings/why", responses=SEEN, **READ)
async def read_why_booked(agreement_id: UUID, request: Request, response: Response, asker: Asker) -> WhyBookings:
    """Returns why each visit stands on its day and with its inspector, and what has moved it (R17, R18, R27).

    For inspectors and leaders: it tells of days, and of former days, that no company knows of.
    """
    asker.require_role(Role.INSPECTOR, Role.LEADER)
    runtime = runtime_of(request)
    _, history, headers = await runtime.gate.read(request, asker, COURSE, agreement_id)
    response.headers.update(headers)
    policy = runtime.policies.at(runtime.clock.now())
    return WhyBookings(agreement_id=agreement_id, visits=[WhyVisit.of(why) for why in why_there(history, policy)])
