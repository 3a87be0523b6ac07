"""The HTTP questions about measures of others, use, involvement and time (R33, R35, R37, R38)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.reporting import learning_queries
from services.reporting.asking import Reader, database, period
from services.reporting.learning_models import (
    Catalogue,
    CatalogueRow,
    InvolvementRow,
    InvolvementTable,
    TimeRow,
    TimeTable,
    UseRow,
    UseTable,
)
from services.reporting.queries import Period
from shared.http.openapi import problems
from shared.http.tokens import Role

router = APIRouter()


@router.get("/measure-catalogue", responses=problems(400))
async def measure_catalogue(
    request: Request,
    asker: Reader,
    topic: Annotated[str | None, Query(description="Three-digit code.")] = None,
    problem_group: Annotated[str | None, Query(description="Problem group.")] = None,
    industry: Annotated[str | None, Query(description="Only of units in this industry.")] = None,
) -> Catalogue:
    """R38: what did others do? Anonymous, and only what several companies did."""
    async with database(request).acquire() as connection:
        smallest = request.app.state.smallest_count()
        rows = await learning_queries.catalogue(connection, topic, problem_group, industry, smallest=smallest)
    return Catalogue(rows=[CatalogueRow.model_validate(dict(row)) for row in rows])


@router.get("/statistics/involvement", responses=problems(400))
async def involvement(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> InvolvementTable:
    """R33: how far safety representatives, safety organisation and employees were involved."""
    async with database(request).acquire() as connection:
        rows = await learning_queries.involvement(connection, asker, asked)
    return InvolvementTable(rows=[InvolvementRow.model_validate(dict(row)) for row in rows])


@router.get("/statistics/time", responses=problems(400))
async def time_spent(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> TimeTable:
    """R37: inspectors' minutes by phase, of agreements beside orders. For the authority only."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    async with database(request).acquire() as connection:
        rows = await learning_queries.time_spent(connection, asker, asked)
    return TimeTable(rows=[TimeRow.model_validate(dict(row)) for row in rows])


@router.get("/statistics/use", responses=problems(400))
async def use(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> UseTable:
    """R35: whether approved measures are used, and why not."""
    async with database(request).acquire() as connection:
        rows = await learning_queries.use(connection, asker, asked)
    return UseTable(rows=[UseRow.model_validate(dict(row)) for row in rows])
