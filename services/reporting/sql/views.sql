-- What analysts read: run after schema.sql, and again when a view changes. Column names and meanings are stable; columns
-- are only added. No view has a name or free text in it. Counts of few companies are suppressed in what is published.

create or replace view v_facts as
  select position, source, stream, epoch, version, event_id, type, schema_version, data - 'name' as data,
         occurred_at, recorded_at, received_at, actor, policy, case_id
  from facts;
comment on view v_facts is
  'Every fact, in the order taken. data: ids, codes, dates and numbers, as the contract of its producer says.';

create or replace view v_units as
  select p_number, cvr, industry, sector, size_class, effective_from,
         lead(effective_from) over (partition by p_number order by effective_from) as effective_until
  from units;
comment on view v_units is 'Production units, each row from its day on until (exclusive) the next one of the unit.';

create or replace view v_cases as
  select c.case_id, c.case_type, c.kind, c.status, c.cvr, c.p_number, c.topic, c.problem_group, c.inspector,
         c.agreement_id, c.followed_by, unit.industry, unit.sector, unit.size_class,
         c.opened_at, c.ended_at, c.next_step, c.next_by, c.next_due, c.period_months,
         c.delivered_at, c.delivery_failures, c.read_at,
         c.accepted_at, c.accept_reason, c.declined_at, c.decline_reason, c.lapsed_at, c.withdrawn_at,
         c.withdrawal_rule, c.acceptance_conflict,
         c.guidance_offered_at, c.guidance_declined_at, c.guidance_decline_reason, c.guidance_held_at,
         c.guidance_overdue_at, c.guidance_meetings, c.guidance_minutes,
         c.guidance_involvement ->> 'safety_representative' as guidance_safety_representative,
         c.guidance_involvement ->> 'safety_organisation' as guidance_safety_organisation,
         c.guidance_involvement ->> 'employees' as guidance_employees,
         c.documentation_at, c.documentation_complete_at, c.documentation_parts,
         c.control_booked_at, c.control_day, c.control_announced, c.control_late_reason, c.controls_undecided,
         c.control_held_at, c.control_form, c.control_outcome, c.within_60_days,
         c.control_involvement ->> 'safety_representative' as control_safety_representative,
         c.control_involvement ->> 'safety_organisation' as control_safety_organisation,
         c.control_involvement ->> 'employees' as control_employees,
         c.spread_further, c.fulfilled_at, c.breached_at, c.hearing_opened_at, c.hearing_ended_at,
         c.order_requested_at, c.followed_at, c.follow_up_on, c.follow_up_held_at, c.follow_up_minutes,
         c.order_deadline, c.appealed_at, c.suspended,
         c.status in ('fulfilled', 'breached') or c.control_held_at is not null as controlled,
         c.guidance_held_at is not null as guidance_taken
  from cases c
  left join lateral (
    select industry, sector, size_class from units
    where units.p_number = c.p_number and effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
    order by effective_from desc limit 1
  ) unit on true
  where c.audience = 'authority' and c.status <> 'unknown';
comment on view v_cases is
  'Agreements, orders and other cases as they stand, with the unit as it was when the case was opened.';

create or replace view v_case_history as
  select case_id, status, effective_at, recorded_at, position from case_history where audience = 'authority';
comment on view v_case_history is
  'The statuses of each case: effective_at is when it held, recorded_at when it was known. The status of a case on day
   D as known on day K is the newest row by (effective_at, position) with effective_at <= D and recorded_at <= K.';

create or replace view v_measures as
  select m.case_id, m.measure_id, m.kind, m.ladder_level, m.psychosocial_level, m.reported_part, m.reported_at,
         m.verified, m.control_use, m.control_non_use_reason, m.follow_up_use, m.follow_up_non_use_reason,
         c.topic, c.problem_group, c.status, c.industry, c.sector, c.size_class
  from measures m join v_cases c using (case_id);
comment on view v_measures is
  'What companies did (R16) with its level on both ladders, and whether it is used at control and follow-up (R35).';

create or replace view v_measure_catalogue as
  select c.topic, c.problem_group, c.industry, m.kind, m.ladder_level, m.psychosocial_level,
         count(distinct c.cvr) as companies, count(*) as measures,
         count(*) filter (where coalesce(m.follow_up_use, m.control_use) = 'in_use') as in_use,
         count(*) filter (where coalesce(m.follow_up_use, m.control_use) = 'limited') as limited,
         count(*) filter (where coalesce(m.follow_up_use, m.control_use) = 'not_in_use') as not_in_use
  from measures m join v_cases c using (case_id)
  where m.kind is not null
  group by c.topic, c.problem_group, c.industry, m.kind, m.ladder_level, m.psychosocial_level
  having count(distinct c.cvr) >= 3;
comment on view v_measure_catalogue is
  'What others did (R38): a measure is shown only when at least three companies took one like it.';

create or replace view v_tasks as
  select case_id, kind, number, inspector, due, since, closed_at from tasks;
comment on view v_tasks is 'What inspectors had to do, from since to closed_at; open where closed_at is null.';

create or replace view v_quarantines as
  select agreement_id, nullif(p_number, '') as p_number, cvr, imposed_at, ends_at, ended_at, policy from quarantines;
comment on view v_quarantines is 'R22: quarantines; p_number is null where every unit of the legal entity is in one.';
