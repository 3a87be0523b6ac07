"""What can be asked of the view; every question passes through `visible`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.reporting.cases.case import Case
from services.reporting.cases.case_types import Status
from services.reporting.cases.columns import DETAIL, LIST, Shown, columns_of
from services.reporting.view import shown_facts
from services.reporting.view.conditions import Conditions
from services.reporting.view.visible import Viewer, visible
from shared.eventstore.database import Connection

Found = asyncpg.Record
"""A row as the database gives it."""
Key = tuple[Any, ...]
"""The end of a page: the values of its last item by which the items are ordered."""


def _columns(shown: Shown) -> str:
    """The columns of a case that are declared to be shown there, with its unit and whether a conflict stands."""
    declared = (f"c.{name}" for name, column in columns_of(Case).items() if column.shown & shown)
    return ", ".join((*declared, _IN_CONFLICT, f"unit.{', unit.'.join(_OF_THE_UNIT)}"))


_OF_THE_UNIT = ("industry", "sector", "size_class", "postcode", "address")
"""What a case shows of its unit."""
_IN_CONFLICT = """
exists (select from links l where l.audience = c.audience and l.ended_at is null and l.case_id = c.case_id)
  or exists (select from links l where l.audience = c.audience and l.ended_at is null and l.other_case_id = c.case_id)
  as in_conflict
"""
LISTED = _columns(LIST)
"""What a list shows of a case, from CASES_WITH_UNIT."""
_IN_DETAIL = _columns(LIST | DETAIL)

# The unit as it was when the case was opened: it may have another legal entity, size or industry today.
CASES_WITH_UNIT = f"""
cases c left join lateral (
  select u.{", u.".join(_OF_THE_UNIT)} from units u
  where u.p_number = c.p_number and u.effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
  order by u.effective_from desc limit 1
) unit on true
"""
"""The cases `c`, each with its `unit`."""


# The links of a case from both sides: two agreements may each have told of the other.
_TIED = """
select l.other_case_id as case_id, l.kind, l.since, l.ended_at from links l
where l.case_id = {case} and l.audience = {audience}
union all
select l.case_id, l.kind, l.since, l.ended_at from links l where l.other_case_id = {case} and l.audience = {audience}
"""


ENDINGS = (
    *(Status.FULFILLED, Status.BREACHED, Status.TERMINATED, Status.DECLINED, Status.LAPSED, Status.WITHDRAWN),
    *(Status.COMPLIED_WITH, Status.REVOKED, Status.CLOSED),
)
"""The statuses in which nothing more is awaited of the case itself."""


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are asked for; None means all."""

    cvr: str | None = None
    p_number: str | None = None
    inspector: str | None = None
    centre: str | None = None
    topic: str | None = None
    problem_group: str | None = None
    industry: str | None = None
    status: str | None = None
    case_type: str | None = None
    due_before: datetime | None = None


@dataclass(frozen=True)
class Period:
    """Which cases a table is about, by their opening, and as known when; None sets no limit."""

    opened_from: datetime | None = None
    opened_before: datetime | None = None
    held_at: datetime | None = None
    """The status shown is the one that held at this time."""
    known_at: datetime | None = None
    """Only what was recorded by this time counts."""


async def list_cases(
    connection: Connection, viewer: Viewer, asked: CaseFilter, *, after: Key | None = None, limit: int
) -> list[Found]:
    """Returns a page of cases, the one opened last first."""
    where = filtered(viewer, asked)
    if after is not None:
        where.add("(c.opened_at, c.case_id) < ({}, {})", *after)
    page = where.place(limit)
    sql = f"""select {LISTED} from {CASES_WITH_UNIT} where {where}
              order by c.opened_at desc, c.case_id desc limit {page}"""
    return await connection.fetch(sql, *where.values)


async def count_cases(connection: Connection, viewer: Viewer, asked: CaseFilter) -> dict[str, int]:
    """Returns how many cases of the list have each status."""
    where = filtered(viewer, asked)
    sql = f"select c.status, count(*) as cases from {CASES_WITH_UNIT} where {where} group by c.status order by 1"
    return {row["status"]: row["cases"] for row in await connection.fetch(sql, *where.values)}


async def find_case(connection: Connection, viewer: Viewer, case_id: UUID) -> Found | None:
    """Returns one case; None if there is none that the asker may know of."""
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    where.add("c.case_id = {}", case_id)
    sql = f"select {_IN_DETAIL} from {CASES_WITH_UNIT} where {where}"
    return await connection.fetchrow(sql, *where.values)


async def timeline(
    connection: Connection, viewer: Viewer, case_id: UUID, *, after: Key | None = None, limit: int | None = None
) -> Sequence[Found | Mapping[str, Any]]:
    """Returns what happened in a case, numbered by what the asker may know of: a hidden fact leaves no gap (R18).

    A page ends after an instant and the `nth` fact of that instant: a position would reveal how many facts are hidden.
    """
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    where.add("understood.case_id = {}", case_id)
    if viewer.audience == "company":
        shown = await shown_facts.timeline(connection, where)
        return [fact for fact in shown if after is None or (fact["occurred_at"], fact["nth"]) > after][:limit]
    sql = f"""select * from (
                select row_number() over (order by f.occurred_at, f.position) as number,
                       row_number() over (partition by f.occurred_at order by f.position) as nth,
                       f.type, f.occurred_at, f.actor, f.on_behalf_of, f.policy, f.origin, f.data
                from facts f join facts_as_understood understood on understood.position = f.position
                join cases c on c.case_id = understood.case_id where {where}
              ) fact {_page(where, "(occurred_at, nth)", after, limit, order="number")}"""
    return await connection.fetch(sql, *where.values)


async def related_cases(
    connection: Connection, viewer: Viewer, case_id: UUID, *, after: Key | None = None, limit: int | None = None
) -> list[Found]:
    """Returns the cases that follow from this one, that it follows from (R25), or that conflict with it (R41)."""
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    case = where.place(case_id)
    audience = where.place(viewer.audience)
    tied = _TIED.format(case=case, audience=audience)
    where.add(f"""(c.agreement_id = {case} or c.case_id = (select f.agreement_id from cases f where f.case_id = {case}
                   and f.audience = {audience}) or c.case_id in (select tied.case_id from ({tied}) tied))""")
    sql = f"""select * from (select {LISTED} from {CASES_WITH_UNIT} where {where}) related
              {_page(where, "(opened_at, case_id)", after, limit)}"""
    return await connection.fetch(sql, *where.values)


async def conflicts(
    connection: Connection, viewer: Viewer, case_id: UUID, *, after: Key | None = None, limit: int | None = None
) -> list[Found]:
    """R8, R41: returns the cases that are or were in conflict with this one, whichever of the two was flagged."""
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    tied = _TIED.format(case=where.place(case_id), audience=where.place(viewer.audience))
    sql = f"""select * from (
                select tied.case_id, tied.kind, min(tied.since) as since,
                       case when bool_and(tied.ended_at is not null) then max(tied.ended_at) end as ended_at
                from ({tied}) tied join cases c on c.case_id = tied.case_id where {where}
                group by tied.case_id, tied.kind
              ) conflict {_page(where, "(since, case_id, kind)", after, limit)}"""
    return await connection.fetch(sql, *where.values)


async def measures(connection: Connection, viewer: Viewer, case_id: UUID) -> list[Found]:
    """Returns what the company did, and whether it was seen in use."""
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    where.add("c.case_id = {}", case_id)
    table = await measures_table(connection, viewer, where)
    sql = f"""select m.* from {table} m join cases c on c.case_id = m.case_id where {where}
              order by m.reported_part, m.measure_id"""
    return await connection.fetch(sql, *where.values)


async def places(connection: Connection, viewer: Viewer, case_id: UUID) -> list[Found]:
    """R19: returns the places of an agreement, with what is owed and was found at each.

    A company sees neither the sample nor a hidden booking or plan.
    """
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    where.add("c.case_id = {}", case_id)
    table = await shown_facts.places(connection, where) if viewer.audience == "company" else "places"
    sql = f"""select p.place_id, p.p_number, p.is_department, {seen.sampled} as sampled, p.documentation_parts,
                     p.measures, p.control_day, p.planned_on, p.control_held_at, p.outcome, p.breached
              from {table} p join cases c on c.case_id = p.case_id where {where}
              order by p.place_id <> p.case_id, p.place_id"""
    return await connection.fetch(sql, *where.values)


async def measures_table(connection: Connection, viewer: Viewer, where: Conditions) -> str:
    """Returns the measures that the asker may know of, as a table in SQL.

    It is for a query with these conditions over `c`.
    """
    return await shown_facts.measures(connection, where) if viewer.audience == "company" else "measures"


async def tasks(
    connection: Connection,
    viewer: Viewer,
    *,
    inspector: str | None = None,
    case_id: UUID | None = None,
    due_before: datetime | None = None,
    after: Key | None = None,
    limit: int,
) -> list[Found]:
    """Returns open tasks, the most urgent first, those without a date last. A company has none."""
    seen = visible(viewer)
    where = Conditions(f"{seen.cases} and {seen.tasks} and t.closed_at is null", seen.values)
    if inspector is not None:
        where.add("t.inspector = {}", inspector)
    if case_id is not None:
        where.add("t.case_id = {}", case_id)
    if due_before is not None:
        where.add("t.due < {}", due_before)
    if after is not None:
        last = ", ".join(where.place(part) for part in after[1:])
        due = f"coalesce({where.place(after[0])}::timestamptz, 'infinity')"
        where.add(f"(coalesce(t.due, 'infinity'), t.since, t.case_id, t.kind, t.number) > ({due}, {last})")
    page = where.place(limit)
    sql = f"""select t.case_id, t.kind, t.number, t.inspector, t.due, t.since, c.cvr, c.p_number, c.topic, c.status
              from tasks t join cases c on c.case_id = t.case_id where {where}
              order by t.due nulls last, t.since, t.case_id, t.kind, t.number limit {page}"""
    return await connection.fetch(sql, *where.values)


async def units(
    connection: Connection, viewer: Viewer, cvr: str, *, after: Key | None = None, limit: int | None = None
) -> list[Found]:
    """Returns the production units that a legal entity has or had, with the days between which it had them."""
    seen = visible(viewer)
    where = Conditions(seen.units, seen.values)
    where.add("u.cvr = {}", cvr)
    sql = f"""select u.* from (
                select *, lead(effective_from) over (partition by p_number order by effective_from) as effective_until
                from units where p_number in (select p_number from units where units.cvr = {where.place(cvr)})
              ) u where {where}"""
    sql = f"select * from ({sql}) unit {_page(where, '(p_number, effective_from)', after, limit)}"
    return await connection.fetch(sql, *where.values)


async def quarantines(
    connection: Connection,
    viewer: Viewer,
    cvr: str,
    *,
    today: date,
    after: Key | None = None,
    limit: int | None = None,
) -> list[Found]:
    """R22: returns the quarantines of a legal entity's units, also those that are over.

    R40: includes those that a unit already had when it changed hands, because they prevent an offer. A company sees
    them from the day on which it has the unit, without the former owner's case. Therefore a page ends after an instant
    and the `nth` quarantine of that instant, and names no case.
    """
    seen = visible(viewer)
    where = Conditions("true", seen.values)
    own, day = where.place(cvr), where.place(today)
    sql = f"""with owned as (
                select p_number, cvr, effective_from,
                       lead(effective_from) over (partition by p_number order by effective_from) as effective_until
                from units
              )
              select case when {seen.quarantines} then q.agreement_id end as agreement_id,
                     nullif(q.p_number, '') as p_number,
                     case when {seen.quarantines} then q.cvr end as cvr, q.imposed_at, q.ends_at, q.ended_at, q.policy,
                     case when q.cvr = {own} then 'breach' else 'breach_of_former_owner' end as reason,
                     coalesce(q.imposed_at, 'infinity') as place,
                     row_number() over (partition by q.imposed_at order by q.agreement_id, q.p_number) as nth
              from quarantines q
              where (q.cvr = {own} and {seen.quarantines}) or exists (
                select from owned u where u.p_number = q.p_number and u.cvr = {own} and {seen.units}
                  and u.effective_from <= {day}
                  and u.effective_from < (coalesce(q.ended_at, q.ends_at) at time zone 'Europe/Copenhagen')::date
                  and (u.effective_until is null
                    or u.effective_until > (q.imposed_at at time zone 'Europe/Copenhagen')::date))"""
    rest = "true"
    if after is not None:
        imposed_at, nth = (where.place(part) for part in after)
        rest = f"(place, nth) > (coalesce({imposed_at}::timestamptz, 'infinity'), {nth}::bigint)"
    sql = f"select * from ({sql}) quarantine where {rest} order by place, nth limit {where.place(limit)}"
    return await connection.fetch(sql, *where.values)


LATER_OWNERS = """
with recursive later as (
  select n.case_id, n.carried_over_to from case_core n
  where n.case_id = c.carried_over_to and n.audience = c.audience
  union
  select n.case_id, n.carried_over_to from case_core n
  join later on n.case_id = later.carried_over_to and n.audience = c.audience
)
"""
"""R40: the cases of all later owners of the unit of a case `c`, however often the agreement was carried over."""
ONE_AGREEMENT = f"""
case when c.carried_over_to is null then c.case_id
     else coalesce(({LATER_OWNERS} select later.case_id from later where later.carried_over_to is null),
                   c.carried_over_to) end
"""
"""R40: the last case with which the agreement of a case `c` goes on, because all owners' cases are one agreement."""


async def ladder(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """Returns measures by level and problem group, on both ladders, with the use seen last (R35).

    R40: measures of former owners count too, as measures of the agreement that goes on.
    """
    where = in_period(viewer, period)
    table = await measures_table(connection, viewer, where)
    sql = f"""select level.ladder, level.level, c.problem_group, count(*) as measures,
                     count(distinct {ONE_AGREEMENT}) as agreements,
                     count(*) filter (where m.verified) as verified,
                     count(*) filter (where seen.use = 'in_use') as in_use,
                     count(*) filter (where seen.use = 'limited') as limited,
                     count(*) filter (where seen.use = 'not_in_use') as not_in_use,
                     count(*) filter (where coalesce(seen.use, 'unknown') = 'unknown') as unknown
              from {table} m join cases c on c.case_id = m.case_id
              cross join lateral (values ('general', m.ladder_level), ('psychosocial', m.psychosocial_level))
                as level(ladder, level)
              cross join lateral (select coalesce(m.follow_up_use, m.control_use) as use) seen
              where {where} and level.level is not null
              group by level.ladder, level.level, c.problem_group
              order by level.ladder, c.problem_group, level.level desc"""
    return await connection.fetch(sql, *where.values)


async def agreements_by_dimension(connection: Connection, viewer: Viewer, period: Period) -> list[Found]:
    """Returns agreements by status within each topic, group, industry, sector, size, kind, inspector and centre.

    R40: an agreement that was carried over is counted as the case with which it goes on.
    """
    where = in_period(viewer, period)
    sql = f"""with known as (
                select c.case_type, c.kind, c.topic, c.problem_group, c.inspector, c.centre,
                       {_status(where, period)} as status,
                       unit.industry, unit.sector, unit.size_class, c.carried_over_to
                from {CASES_WITH_UNIT} where {where} and c.case_type in ('agreement', 'order')
              )
              select value.dimension, value.value,
                     count(*) filter (where case_type = 'order') as orders,
                     count(*) filter (where case_type = 'agreement') as agreements,
                     count(*) filter (where status in ('offered', 'delivered')) as unanswered,
                     count(*) filter (where status in ('running', 'awaiting_control')) as running,
                     count(*) filter (where status = 'fulfilled') as fulfilled,
                     count(*) filter (where status = 'breached') as breached,
                     count(*) filter (where status in ('declined', 'lapsed', 'withdrawn', 'terminated')) as not_accepted
              from known cross join lateral (values
                ('all', null), ('status', status), ('topic', topic), ('problem_group', problem_group),
                ('industry', industry), ('sector', sector), ('size_class', size_class), ('kind', kind),
                ('inspector', inspector), ('centre', centre)) as value(dimension, value)
              where status is not null and not (status = 'terminated' and carried_over_to is not null)
              group by value.dimension, value.value order by value.dimension, value.value nulls last"""
    return await connection.fetch(sql, *where.values)


async def course_of_agreements(connection: Connection, viewer: Viewer, period: Period) -> Found:
    """Returns what happened in agreements, as known now: counts for the shares, and the median time from step to step.

    R40: an agreement that was carried over is counted as the case with which it goes on.
    """
    where = in_period(viewer, period)
    where.add("c.case_type = 'agreement' and c.carried_over_to is null")
    row = await connection.fetchrow(_COURSE.format(where=where), *where.values)
    if row is None:
        raise LookupError("an aggregate gives one row")
    return row


_COURSE = """
select count(*) as offered,
       count(*) filter (where c.accepted_at is not null) as accepted,
       count(*) filter (where c.guidance_held_at is not null) as guidance_taken,
       count(*) filter (where c.guidance_declined_at is not null) as guidance_declined,
       count(*) filter (where c.guidance_overdue_at is not null) as guidance_overdue,
       count(*) filter (where c.guidance_in_time is false
                        or (c.guidance_in_time is null and c.guidance_overdue_at is not null)) as guidance_late,
       count(*) filter (where c.control_held_at is not null) as controlled,
       count(*) filter (where c.within_60_days) as controlled_within_60_days,
       count(*) filter (where c.fulfilled_at is not null) as fulfilled,
       count(*) filter (where c.breached_at is not null) as breached,
       count(*) filter (where c.terminated_at is not null) as terminated,
       count(*) filter (where c.extensions > 0) as extended,
       percentile_cont(0.5) within group (order by offer_to_answer) as offer_to_answer,
       percentile_cont(0.5) within group (order by acceptance_to_guidance) as acceptance_to_guidance,
       percentile_cont(0.5) within group (order by acceptance_to_documentation) as acceptance_to_documentation,
       percentile_cont(0.5) within group (order by documentation_to_control) as documentation_to_control,
       percentile_cont(0.5) within group (order by acceptance_to_control) as acceptance_to_control,
       percentile_cont(0.5) within group (order by breach_to_order_request) as breach_to_order_request
from cases c
cross join lateral (
  select coalesce(c.accepted_at, c.declined_at, c.lapsed_at) - c.opened_at as offer_to_answer,
         c.guidance_held_at - c.accepted_at as acceptance_to_guidance,
         c.documentation_complete_at - c.accepted_at as acceptance_to_documentation,
         c.control_held_at - c.documentation_complete_at as documentation_to_control,
         c.control_held_at - c.accepted_at as acceptance_to_control,
         c.order_requested_at - c.breached_at as breach_to_order_request
) as took
where {where}
"""


def _page(where: Conditions, key: str, after: Key | None, limit: int | None, *, order: str | None = None) -> str:
    """What comes after a page, in the order of a key, or in one that says the same; for a query without conditions."""
    last = "" if after is None else f"where {key} > ({', '.join(where.place(part) for part in after)})"
    return f"{last} order by {order or key.strip('()')} limit {where.place(limit)}"


def filtered(viewer: Viewer, asked: CaseFilter) -> Conditions:
    """Returns the conditions for cases that the asker may see and asks for."""
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    for column in ("cvr", "p_number", "inspector", "centre", "topic", "problem_group", "status", "case_type"):
        value = getattr(asked, column)
        if value is not None:
            where.add(f"c.{column} = {{}}", value)
    if asked.industry is not None:
        where.add("unit.industry = {}", asked.industry)
    if asked.due_before is not None:
        where.add("c.next_due < {}", asked.due_before)
    return where


def in_period(viewer: Viewer, period: Period) -> Conditions:
    """Returns the conditions for cases that the asker may see and that were opened in a period."""
    seen = visible(viewer)
    where = Conditions(seen.cases, seen.values)
    if period.opened_from is not None:
        where.add("c.opened_at >= {}", period.opened_from)
    if period.opened_before is not None:
        where.add("c.opened_at < {}", period.opened_before)
    return where


def _status(where: Conditions, period: Period) -> str:
    """The status as it stands, or as it held and was known; null where the case was not known yet.

    What was told later and held from no later takes the place of what was told before: a decision that was taken back
    never held (R30). An ending holds against what was still recorded between it and its becoming known: a control may
    be recorded ten days after it was held.
    """
    if period.held_at is None and period.known_at is None:
        return "c.status"
    limits = ""
    if period.held_at is not None:
        limits += f" and h.effective_at <= {where.place(period.held_at)}"
    if period.known_at is not None:
        limits += f" and h.recorded_at <= {where.place(period.known_at)}"
    return f"""(select h.status from case_history h where h.audience = c.audience and h.case_id = c.case_id {limits}
                and not exists (select from case_history h2 where h2.audience = h.audience and h2.case_id = h.case_id
                                and h2.position > h.position and h2.effective_at >= h.effective_at
                                {limits.replace(" h.", " h2.")})
                order by h.status = any({where.place(list(ENDINGS))}::text[]) desc, h.effective_at desc, h.position desc
                limit 1)"""
