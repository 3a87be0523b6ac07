"""What the figures teach: measures of others, their use, who was involved, where time goes (R33, R35, R37, R38)."""

from services.reporting.queries import Conditions, Found, Period, in_period
from services.reporting.visible import Viewer
from shared.kernel.database import Connection

_UNIT = """
left join lateral (
  select u.industry, u.sector from units u
  where u.p_number = c.p_number and u.effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
  order by u.effective_from desc limit 1
) unit on true
"""


async def limit_publication(connection: Connection, smallest: int) -> None:
    """R38: counts of fewer companies than this are shown to nobody, analysts' views included."""
    await connection.execute("update publication_limits set smallest_count = $1 where smallest_count <> $1", smallest)


async def catalogue(
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
              from measures m join cases c on c.case_id = m.case_id and c.audience = 'authority' {_UNIT}
              cross join lateral (select coalesce(m.follow_up_use, m.control_use) as use) seen
              where m.kind is not null and {where}
              group by 1, 2, 3, 4, 5, 6
              having count(distinct c.cvr) >= {limit}
              order by companies desc, c.topic, m.kind, m.ladder_level"""
    return await connection.fetch(sql, *where.values)


async def involvement(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """R33: each side by how far it was involved, at guidance and at control, by sector, industry and group."""
    where = in_period(viewer, period)
    sql = f"""select asked.at, asked.side, asked.involvement, unit.sector, unit.industry, c.problem_group,
                     count(*) as agreements
              from cases c {_UNIT}
              cross join lateral (values ('guidance', c.guidance_involvement), ('control', c.control_involvement))
                as told(at, sides)
              cross join lateral (
                select told.at, side.key as side, side.value as involvement from jsonb_each_text(told.sides) as side
              ) as asked
              where {where} and c.case_type = 'agreement' and asked.involvement is not null
              group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4 nulls last, 5 nulls last, 6 nulls last"""
    return await connection.fetch(sql, *where.values)


async def time_spent(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """R37: minutes by phase, of agreements beside those of orders."""
    where = in_period(viewer, period)
    sql = f"""select c.case_type, spent.phase, sum(spent.minutes)::int as minutes,
                     count(*) filter (where spent.minutes > 0) as cases
              from cases c
              cross join lateral (values
                ('investigation', c.minutes_investigation), ('offer', c.minutes_offer),
                ('guidance', c.minutes_guidance), ('documentation', c.minutes_documentation),
                ('control', c.minutes_control), ('system', c.minutes_system)) as spent(phase, minutes)
              where {where} and c.case_type in ('agreement', 'order')
              group by 1, 2 having sum(spent.minutes) > 0 order by 1, 2"""
    return await connection.fetch(sql, *where.values)


async def use(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """R35: measures by use and reason, at control and at follow-up, with how many of them were verified."""
    where = in_period(viewer, period)
    sql = f"""select seen.at, c.problem_group, coalesce(seen.use, 'unknown') as use, seen.reason, count(*) as measures,
                     count(*) filter (where m.verified) as verified
              from measures m join cases c on c.case_id = m.case_id
              cross join lateral (values
                ('control', m.control_use, m.control_non_use_reason, c.control_held_at is not null),
                ('follow_up', m.follow_up_use, m.follow_up_non_use_reason, c.follow_up_held_at is not null))
                as seen(at, use, reason, happened)
              where {where} and seen.happened
              group by 1, 2, 3, 4 order by 1, 2, 3, 4 nulls last"""
    return await connection.fetch(sql, *where.values)
