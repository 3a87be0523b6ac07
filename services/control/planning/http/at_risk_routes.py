"""Windows that may not be met over HTTP, with what would make room, for the authority alone (R17, R18)."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.control.planning.lookups.known_risks import KnownRisk, known_risks
from shared.contracts.vocabulary import Centre, WayToMakeRoom, WindowRisk
from shared.http import pages
from shared.http.access import AUTHORITY, Asker
from shared.http.field_types import PersonParameter
from shared.http.openapi import READ
from shared.service import runtime_of

router = APIRouter(tags=["calendar"])


class WindowAtRiskEntry(BaseModel):
    """R17: a control that may have to be held after its window."""

    agreement_id: UUID
    place_id: Annotated[UUID, Field(description="R19: which place of the agreement is visited.")]
    p_number: str
    cvr: str
    topic: str
    inspector: str
    last_day: Annotated[date, Field(description="The last day of the window.")]
    risk: Annotated[WindowRisk, Field(description="Why the control may have to be late.")]
    places_left: Annotated[
        int,
        Field(description="Possible places once all visits with earlier windows have theirs, counted up to a limit."),
    ]
    missed_percent: Annotated[
        int, Field(description="In how many of a hundred drawn futures the control has no place.")
    ]
    noted_at: Annotated[datetime, Field(description="When this was found.")]
    would_make_room: Annotated[
        list[WayToMakeRoom], Field(description="Whose day, which colleague, centre or later day.")
    ]

    @classmethod
    def of(cls, known: KnownRisk) -> Self:
        """Returns a window at risk as the authority is shown one."""
        noted = known.noted
        return cls(
            agreement_id=noted.agreement_id,
            place_id=noted.place_id,
            p_number=known.p_number,
            cvr=known.cvr,
            topic=known.topic,
            inspector=noted.inspector,
            last_day=noted.last_day,
            risk=noted.risk,
            places_left=noted.places_left,
            missed_percent=noted.missed_percent,
            noted_at=noted.noted_at,
            would_make_room=list(noted.would_make_room),
        )


@router.get("/v1/calendar/at-risk", responses=pages.IN_PAGES, **READ)
async def read_windows_at_risk(
    request: Request,
    response: Response,
    asker: Asker,
    person: Annotated[PersonParameter | None, Query(description="Only controls of this person.")] = None,
    centre: Annotated[Centre | None, Query(description="R42: only controls of people of this centre.")] = None,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[WindowAtRiskEntry]:
    """Returns the controls that may have to be held after their window, and what would make room (R17).

    Those whose windows end first come first. Includes days that no company knows of (R18).
    """
    asker.require_role(*AUTHORITY)
    runtime = runtime_of(request)
    await runtime.gate.wait_for_token(request, asker)
    last: Any = pages.read_cursor(cursor, pages.day, pages.uuid)
    found = pages.after(await known_risks(runtime, person, centre), last, _key)
    page, further = pages.cut(found[: limit + 1], limit, _key)
    pages.tell_next(response, further)
    return [WindowAtRiskEntry.of(one) for one in page]


def _key(known: KnownRisk) -> tuple[date, UUID]:
    return known.noted.last_day, known.noted.place_id
