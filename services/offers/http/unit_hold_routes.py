"""Operators see which units are held after a fact about them was lost, and release them (R8)."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, model_validator

from services.offers.lookups import unit_holds
from shared.http import pages
from shared.http.access import Asker
from shared.http.bodies import Body
from shared.http.errors import Problem
from shared.http.openapi import problems
from shared.http.operations import ReasonGiven
from shared.http.tokens import Role
from shared.reference.identifiers import PNumber
from shared.service import runtime_of

router = APIRouter(prefix="/v1/operations/offers/held-units", tags=["operations"])
_MOST_UNITS = 1000


class HeldUnit(BaseModel):
    """R8: a unit where nothing may be offered or accepted, because the named fact about it was discarded."""

    p_number: str
    source: str
    stream: UUID
    version: int
    type: str
    held_at: datetime
    held_by: str
    hold_reason: str


class Release(Body):
    """Which units are released, and why: what the operator has made sure of."""

    p_numbers: Annotated[tuple[PNumber, ...], Field(max_length=_MOST_UNITS)] = ()
    all: bool = False
    reason: ReasonGiven

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.all == bool(self.p_numbers):
            raise ValueError("name units, or release all")
        return self


class Released(BaseModel):
    """The units that were released."""

    p_numbers: list[str]


@router.get("", responses=pages.IN_PAGES)
async def list_held_units(
    request: Request,
    response: Response,
    asker: Asker,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[HeldUnit]:
    """Returns the units that are held, with every fact because of which they are held."""
    asker.require_role(Role.OPERATOR)
    after: Any = pages.read_cursor(cursor, pages.instant, pages.text, pages.uuid, pages.number)
    async with runtime_of(request).database.acquire() as connection:
        found = await unit_holds.units_on_hold(connection, after=after, limit=limit + 1)
    held, further = pages.cut(found, limit, lambda one: (one.held_at, one.p_number, one.stream, one.version))
    pages.tell_next(response, further)
    return [HeldUnit.model_validate(vars(one)) for one in held]


@router.post("/release", responses=problems(404))
async def release(body: Release, request: Request, asker: Asker) -> Released:
    """Releases held units, so that offers can be made and accepted there again.

    Who released a unit, when and why is kept permanently.
    """
    units = None if body.all else body.p_numbers
    async with runtime_of(request).database.acquire() as connection, connection.transaction():
        released = await unit_holds.release(connection, units, by=asker.subject, reason=body.reason)
        if not_held := set(body.p_numbers) - set(released):
            told = {"p_numbers": ", ".join(sorted(not_held))}
            raise Problem(404, "Not found", "these units are not held: {p_numbers}", values=told)
    return Released(p_numbers=released)
