"""The HTTP questions about involvement, time and use (R33, R35, R37)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.reporting.statistics import queries as statistics_queries
from services.reporting.statistics.models import (
    InvolvementRow,
    InvolvementTable,
    TimeRow,
    TimeTable,
    UseRow,
    UseTable,
    VisitsSavedRow,
    VisitsSavedTable,
)
from services.reporting.view.queries import Period
from services.reporting.view.request_parameters import Reader, as_known_now, period, reading
from shared.http.access import AUTHORITY
from shared.http.openapi import problems

router = APIRouter(prefix="/v1", tags=["reporting"])


@router.get("/statistics/involvement", responses=problems(400), dependencies=[Depends(as_known_now)])
async def involvement(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> InvolvementTable:
    """R33: counts how far safety representatives, safety organisation and employees were involved."""
    async with reading(request, asker) as connection:
        rows = await statistics_queries.involvement(connection, asker, asked)
    return InvolvementTable(rows=[InvolvementRow.model_validate(dict(row)) for row in rows])


@router.get("/statistics/time", responses=problems(400), dependencies=[Depends(as_known_now)])
async def time_spent(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> TimeTable:
    """R37: inspectors' minutes by phase, of agreements beside orders. For the authority only."""
    asker.require_role(*AUTHORITY)
    async with reading(request, asker) as connection:
        rows = await statistics_queries.time_spent(connection, asker, asked)
    return TimeTable(rows=[TimeRow.model_validate(dict(row)) for row in rows])


@router.get("/statistics/visits-saved", responses=problems(400), dependencies=[Depends(as_known_now)])
async def visits_saved(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> VisitsSavedTable:
    """R18, R21: counts controls that did without a visit of their own. For the authority only."""
    asker.require_role(*AUTHORITY)
    async with reading(request, asker) as connection:
        rows = await statistics_queries.visits_saved(connection, asker, asked)
    return VisitsSavedTable(rows=[VisitsSavedRow.model_validate(dict(row)) for row in rows])


@router.get("/statistics/use", responses=problems(400), dependencies=[Depends(as_known_now)])
async def use(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> UseTable:
    """R35: counts whether approved measures are used, and why not."""
    async with reading(request, asker) as connection:
        rows = await statistics_queries.use(connection, asker, asked)
    return UseTable(rows=[UseRow.model_validate(dict(row)) for row in rows])
