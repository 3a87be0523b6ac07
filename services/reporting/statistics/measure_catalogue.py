"""The anonymised catalogue of measures: what did others do? (R38)"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.reporting.statistics.queries import UNIT_THEN
from services.reporting.view.conditions import Conditions
from services.reporting.view.queries import Found
from services.reporting.view.request_parameters import Reader, as_known_now, reading
from shared.eventstore.database import Connection
from shared.http.field_types import CodeParameter, TopicParameter
from shared.http.openapi import problems

router = APIRouter(prefix="/v1", tags=["reporting"])


class CatalogueRow(BaseModel):
    """R38: measures that several companies took."""

    topic: str | None
    problem_group: str | None
    industry: Annotated[CodeParameter | None, Field(description="Null where no industry was asked for.")]
    kind: str
    ladder_level: int | None
    psychosocial_level: int | None
    companies: int
    measures: int
    in_use: Annotated[int, Field(description="Seen in use at the follow-up, or else at the control.")]
    limited: int
    not_in_use: int
    unknown: int


class Catalogue(BaseModel):
    """R38: what others did; what few companies took is left out."""

    rows: list[CatalogueRow]


@router.get("/measure-catalogue", responses=problems(400), dependencies=[Depends(as_known_now)])
async def measure_catalogue(
    request: Request,
    asker: Reader,
    topic: Annotated[TopicParameter | None, Query(description="Three-digit code.")] = None,
    problem_group: Annotated[CodeParameter | None, Query(description="Problem group.")] = None,
    industry: Annotated[CodeParameter | None, Query(description="Only of units in this industry.")] = None,
) -> Catalogue:
    """R38: returns what others did: anonymous, and only what several companies did."""
    async with reading(request, asker) as connection:
        smallest = request.app.state.smallest_count()
        rows = await _catalogue(connection, topic, problem_group, industry, smallest=smallest)
    return Catalogue(rows=[CatalogueRow.model_validate(dict(row)) for row in rows])


async def limit_publication(connection: Connection, smallest: int) -> None:
    """R38: sets the number of companies below which counts are shown to nobody, analysts' views included."""
    await connection.execute("update publication_limits set smallest_count = $1 where smallest_count <> $1", smallest)


async def _catalogue(
    connection: Connection, topic: str | None, problem_group: str | None, industry: str | None, *, smallest: int
) -> list[Found]:
    """R38: what others did, for anybody, as far as so many companies did it."""
    where = Conditions("true", ())
    for column, value in (("topic", topic), ("problem_group", problem_group)):
        if value is not None:
            where.add(f"c.{column} = {{}}", value)
    if industry is not None:
        where.add("unit.industry = {}", industry)
    limit = where.place(smallest)
    sql = f"""select c.topic, c.problem_group, {"unit.industry" if industry else "null::text"} as industry, m.kind,
                     m.ladder_level, m.psychosocial_level, count(distinct c.cvr) as companies, count(*) as measures,
                     count(*) filter (where seen.use = 'in_use') as in_use,
                     count(*) filter (where seen.use = 'limited') as limited,
                     count(*) filter (where seen.use = 'not_in_use') as not_in_use,
                     count(*) filter (where coalesce(seen.use, 'unknown') = 'unknown') as unknown
              from measures m join cases c on c.case_id = m.case_id and c.audience = 'authority' {UNIT_THEN}
              cross join lateral (select coalesce(m.follow_up_use, m.control_use) as use) seen
              where m.kind is not null and {where}
              group by 1, 2, 3, 4, 5, 6
              having count(distinct c.cvr) >= {limit}
              order by companies desc, c.topic, m.kind, m.ladder_level"""
    return await connection.fetch(sql, *where.values)
