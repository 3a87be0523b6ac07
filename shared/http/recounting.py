"""Operators' paths for dates that today's calendar gives otherwise: shows them, and moves them (R3, R27).

No personal data: ids of cases, days and how they were counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from shared.deadlines.deadline import Deadline
from shared.deadlines.in_words import Language
from shared.deadlines.recounting import DateName, OtherDate, RecountDeadlines, WhyItStays
from shared.eventstore.commands import Intent, read
from shared.eventstore.decider import Decider
from shared.eventstore.timer_and_reservation_drift import streams_after
from shared.http.access import Asker
from shared.http.bodies import Body
from shared.http.commands_of_operators import carried_out
from shared.http.errors import Problem
from shared.http.openapi import problems
from shared.http.operations import ReasonGiven
from shared.http.tokens import Role
from shared.policy.errors import PolicyError
from shared.policy.policies import Policies

router = APIRouter(tags=["operations"])
LARGEST_PAGE = 200


@dataclass(frozen=True)
class Recountable:
    """The subject of a service whose deadlines hang on the calendar; its decider takes RecountDeadlines."""

    decider: Decider[Any, Any]
    differing: Callable[[Any, datetime, Policies], Sequence[OtherDate]]
    """Returns the open deadlines of a state for which the calendar of today gives another last day."""


class CountedDate(BaseModel):
    """R27: a last day, and how it was counted."""

    last_day: Annotated[date, Field(description="The last day in Copenhagen on which it is in time.")]
    ends_at: Annotated[datetime, Field(description="Exclusive, UTC.")]
    policy: Annotated[str, Field(description="Version of the policy by which it was counted.")]
    why: Annotated[dict[Language, str], Field(description="How it was counted, in Danish and in English.")]

    @classmethod
    def of(cls, deadline: Deadline) -> Self:
        """Returns a deadline as operators are shown it."""
        why: dict[Language, str] = {"da": deadline.explain("da"), "en": deadline.explain("en")}
        return cls(last_day=deadline.last_day, ends_at=deadline.ends_at, policy=deadline.policy, why=why)


class DifferingDate(BaseModel):
    """R27: an open deadline of a case for which the calendar of today gives another last day."""

    case: Annotated[UUID, Field(description="The case, by the id of its agreement.")]
    date: Annotated[DateName, Field(description="Which deadline it is.")]
    standing: Annotated[CountedDate, Field(description="As it stands.")]
    would_be: Annotated[CountedDate, Field(description="As the calendar of today gives it.")]
    stays: Annotated[
        WhyItStays | None,
        Field(description="Why a recount leaves it as it is: a company's is never earlier. Null if it moves it."),
    ]

    @classmethod
    def of(cls, case: UUID, other: OtherDate) -> Self:
        """Returns a deadline that differs, as operators are shown it."""
        return cls(
            case=case,
            date=other.name,
            standing=CountedDate.of(other.standing),
            would_be=CountedDate.of(other.would_be),
            stays=other.stays,
        )


class ComparedDates(BaseModel):
    """A page of cases whose open deadlines were compared with the calendar of today."""

    compared: Annotated[int, Field(description="Number of streams that were read for this page.")]
    differing: Annotated[list[DifferingDate], Field(description="The deadlines that differ, by their cases.")]
    next_cursor: Annotated[UUID | None, Field(description="Asks for the next page; null on the last.")] = None


class Recounting(Body):
    """Why the calendar was corrected, and which page of cases is counted again."""

    reason: Annotated[ReasonGiven, Field(description="Why the calendar was corrected; both sides read it.")]
    cursor: Annotated[UUID | None, Field(description="`next_cursor` of the previous page.")] = None


class RecountedCase(BaseModel):
    """A case of which deadlines were moved, or would be."""

    case: Annotated[UUID, Field(description="The case, by the id of its agreement.")]
    recorded: Annotated[list[str], Field(description="The types of the facts.")]


class RecountedCases(BaseModel):
    """The result of counting a page of cases again."""

    dry_run: Annotated[bool, Field(description="Whether nothing was recorded.")]
    compared: Annotated[int, Field(description="Number of streams that were read for this page.")]
    recounted: Annotated[list[RecountedCase], Field(description="The cases of which deadlines were moved.")]
    next_cursor: Annotated[UUID | None, Field(description="Continues with the next page; null on the last.")] = None


@router.get("/dates", responses=problems(409))
async def compare_dates(
    request: Request,
    asker: Asker,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Streams on a page, at most.")] = LARGEST_PAGE,
) -> ComparedDates:
    """Compares the open deadlines of cases with what the calendar of today gives; changes nothing.

    Each is counted by the policy by which it was counted first: a later policy touches only what begins under it.
    """
    asker.require_role(Role.OPERATOR)
    runtime = request.app.state.runtime
    now = runtime.clock.now()
    streams = await streams_after(runtime.database, cursor, limit)
    found = [
        DifferingDate.of(stream, other)
        for stream in streams
        for other in await _differing(runtime, request.app.state.recountable, stream, now)
    ]
    return ComparedDates(compared=len(streams), differing=found, next_cursor=_next(streams, limit))


@router.post("/dates/recounts", responses=problems(409))
async def recount_dates(
    body: Recounting,
    request: Request,
    asker: Asker,
    dry_run: Annotated[bool, Query(description="Only say which cases would get other dates.")] = False,
) -> RecountedCases:
    """Moves the open deadlines of a page of cases to what the corrected calendar gives (R27).

    A company's deadline is never moved to an earlier day, and none is moved that is over. It can be repeated: what was
    moved stays.
    """
    runtime, subject = request.app.state.runtime, request.app.state.recountable
    command = RecountDeadlines(runtime.clock.now(), asker.subject, body.reason, runtime.policies)
    streams = await streams_after(runtime.database, body.cursor, LARGEST_PAGE)
    recounted: list[RecountedCase] = []
    for stream in streams:
        if all(other.stays is not None for other in await _differing(runtime, subject, stream, command.at)):
            continue
        facts = await carried_out(runtime.store, Intent(subject.decider, stream, command), dry_run=dry_run)
        recounted.append(RecountedCase(case=stream, recorded=[type(fact).__name__ for fact in facts]))
    next_cursor = _next(streams, LARGEST_PAGE)
    return RecountedCases(dry_run=dry_run, compared=len(streams), recounted=recounted, next_cursor=next_cursor)


async def _differing(runtime: Any, subject: Recountable, stream: UUID, now: datetime) -> Sequence[OtherDate]:
    """Raises Problem (409) if a policy by which a deadline was counted is no more among the files."""
    state = (await read(runtime.store, subject.decider, stream)).state
    try:
        return subject.differing(state, now, runtime.policies)
    except PolicyError as error:
        why = "case {case} was counted by a policy that is missing: {policy}"
        raise Problem(409, "A policy is missing", why, values={"case": stream, "policy": error.file}) from error


def _next(streams: Sequence[UUID], limit: int) -> UUID | None:
    return streams[-1] if len(streams) == limit else None
