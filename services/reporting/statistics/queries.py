"""Who was involved, where time goes, visits saved, and whether approved measures are used (R18, R33, R35, R37)."""

from services.reporting.view.queries import LATER_OWNERS, ONE_AGREEMENT, Found, Period, in_period, measures_table
from services.reporting.view.visible import Viewer
from shared.eventstore.database import Connection

UNIT_THEN = """
left join lateral (
  select u.industry, u.sector from units u
  where u.p_number = c.p_number and u.effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
  order by u.effective_from desc limit 1
) unit on true
"""
"""The unit of a case `c` as it was when the case began."""


async def involvement(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """R33: returns agreements by side and involvement, at guidance and at control, by sector, industry and group.

    R40: for an agreement that was carried over, the involvement of a side is what the latest owner reported who
    reported any for that side.
    """
    where = in_period(viewer, period)
    sql = f"""select asked.at, asked.side, asked.involvement, unit.sector, unit.industry, c.problem_group,
                     count(*) as agreements
              from cases c {UNIT_THEN}
              cross join lateral (values
                ('guidance', c.guidance_involvement), ('control', c.control_involvement)) as told(at, sides)
              cross join lateral (
                select told.at, side.key as side, side.value as involvement from jsonb_each_text(told.sides) as side
                where c.carried_over_to is null or not exists (
                  {LATER_OWNERS}
                  select from later join cases owned on owned.case_id = later.case_id and owned.audience = c.audience
                  where case told.at when 'guidance' then owned.guidance_involvement
                                     else owned.control_involvement end ->> side.key is not null)
              ) as asked
              where {where} and c.case_type = 'agreement' and asked.involvement is not null
              group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4 nulls last, 5 nulls last, 6 nulls last"""
    return await connection.fetch(sql, *where.values)


async def time_spent(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """R37: returns minutes by phase, of agreements beside those of orders.

    R40: the minutes of all owners count as those of one agreement.
    """
    where = in_period(viewer, period)
    sql = f"""select c.case_type, spent.phase, sum(spent.minutes)::int as minutes,
                     count(distinct {ONE_AGREEMENT}) filter (where spent.minutes > 0) as cases
              from cases c
              cross join lateral (values
                ('investigation', c.minutes_investigation), ('offer', c.minutes_offer),
                ('guidance', c.minutes_guidance), ('documentation', c.minutes_documentation),
                ('control', c.minutes_control), ('system', c.minutes_system)) as spent(phase, minutes)
              where {where} and c.case_type in ('agreement', 'order')
              group by 1, 2 having sum(spent.minutes) > 0 order by 1, 2"""
    return await connection.fetch(sql, *where.values)


async def visits_saved(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """R18, R21: returns held controls by how they did without a visit of their own, and by problem group."""
    where = in_period(viewer, period)
    sql = f"""select held.value ->> 'saved' as kind, c.problem_group, count(*)::int as controls
              from cases c cross join lateral jsonb_each(c.controls) as held
              where {where} and c.case_type = 'agreement' and held.value ->> 'saved' is not null
              group by 1, 2 order by 1, 2 nulls last"""
    return await connection.fetch(sql, *where.values)


async def use(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """R35: returns measures by use and reason, at control and at follow-up, with how many of them were verified."""
    where = in_period(viewer, period)
    table = await measures_table(connection, viewer, where)
    sql = f"""select seen.at, c.problem_group, coalesce(seen.use, 'unknown') as use, seen.reason, count(*) as measures,
                     count(*) filter (where m.verified) as verified
              from {table} m join cases c on c.case_id = m.case_id
              cross join lateral (values
                ('control', m.control_use, m.control_non_use_reason, c.control_held_at is not null),
                ('follow_up', m.follow_up_use, m.follow_up_non_use_reason, c.follow_up_held_at is not null))
                as seen(at, use, reason, happened)
              where {where} and seen.happened
              group by 1, 2, 3, 4 order by 1, 2, 3, 4 nulls last"""
    return await connection.fetch(sql, *where.values)
