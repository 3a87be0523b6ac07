-- What the view shows of every rule of the process: run once after schema.sql, in the service's own schema.
-- Rows of before have the defaults until the next rebuild folds all facts again.

-- R30: for whom somebody acted: a company's CVR, or the colleague for whom they stood in.
alter table facts add column on_behalf_of text;

-- What an agreement includes, and what is owed and was found at each place (R10, R19, R20).
create table places (
  case_id uuid not null,
  place_id uuid not null,
  p_number text,
  is_department bool not null,
  sampled bool not null,               -- R19: to be controlled; never shown to a company
  documentation_parts int not null,
  measures int not null,
  control_id uuid,
  control_day date,
  control_announced bool,
  control_held_at timestamptz,
  outcome text,
  breached bool not null,
  primary key (case_id, place_id)
);
create table places_rebuilt (like places including all);

do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table cases%s
      add column undelivered bool not null default false,            -- R4
      add column resent int not null default 0,
      add column understanding_asked_at timestamptz,                 -- R5
      add column offer_understood bool,
      add column terminated_at timestamptz,                          -- R14
      add column terminated_by text,
      add column termination_reason text,
      add column inspector_changes int not null default 0,           -- R15
      add column extension_requested_at timestamptz,                 -- R13: awaits its answer
      add column extensions int not null default 0,
      add column guidance_usefulness int,                            -- R12: as the company said last
      add column informal_contacts int not null default 0,
      add column meetings jsonb not null default ''{}'',             -- what a correction needs to know of each
      add column bookings jsonb not null default ''{}'',             -- R19: booked controls by place
      add column included_places int not null default 1,
      add column places_controlled int not null default 0,
      add column other_findings int not null default 0,              -- R20
      add column corrections int not null default 0,                 -- R30
      add column orders_requested int not null default 0,            -- R7, R22
      add column orders_issued int not null default 0,
      add column order_reminded_at timestamptz,
      add column order_overdue_at timestamptz,
      add column new_inspection_day date,                            -- R7
      add column investigation_outcome text,
      add column investigation_concluded_at timestamptz,
      add column minutes_investigation int not null default 0,       -- R37
      add column minutes_offer int not null default 0,
      add column minutes_guidance int not null default 0,
      add column minutes_documentation int not null default 0,
      add column minutes_control int not null default 0,
      add column minutes_system int not null default 0,
      add column unknown_codes jsonb not null default ''{}''         -- codes that the reference data does not know
    ', suffix);
    execute format('alter table measures%s
      add column beyond_agreement bool not null default false,       -- R39
      add column carried_on bool not null default false
    ', suffix);
    execute format('alter table units%s add column unknown_codes jsonb not null default ''{}''', suffix);
  end loop;
end $$;

-- R38: smaller counts of companies are not shown. The service writes what its policy says when it starts.
create table publication_limits (
  smallest_count int not null,
  only_row bool primary key default true check (only_row)
);
insert into publication_limits values (3);

create or replace view v_facts as
  select position, source, stream, epoch, version, event_id, type, schema_version, data - 'name' as data,
         occurred_at, recorded_at, received_at, actor, policy, case_id, on_behalf_of
  from facts;

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
         c.guidance_held_at is not null as guidance_taken,
         c.undelivered, c.resent, c.understanding_asked_at, c.offer_understood,
         c.terminated_at, c.terminated_by, c.termination_reason, c.inspector_changes,
         c.extension_requested_at, c.extensions, c.guidance_usefulness, c.informal_contacts,
         c.included_places, c.places_controlled, c.other_findings, c.corrections,
         c.orders_requested, c.orders_issued, c.order_reminded_at, c.order_overdue_at,
         c.new_inspection_day, c.investigation_outcome, c.investigation_concluded_at,
         c.minutes_investigation, c.minutes_offer, c.minutes_guidance, c.minutes_documentation, c.minutes_control,
         c.minutes_system, c.unknown_codes
  from cases c
  left join lateral (
    select industry, sector, size_class from units
    where units.p_number = c.p_number and effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
    order by effective_from desc limit 1
  ) unit on true
  where c.audience = 'authority' and c.status <> 'unknown';

create or replace view v_measures as
  select m.case_id, m.measure_id, m.kind, m.ladder_level, m.psychosocial_level, m.reported_part, m.reported_at,
         m.verified, m.control_use, m.control_non_use_reason, m.follow_up_use, m.follow_up_non_use_reason,
         c.topic, c.problem_group, c.status, c.industry, c.sector, c.size_class, m.beyond_agreement, m.carried_on
  from measures m join v_cases c using (case_id);

create or replace view v_measure_catalogue as
  select c.topic, c.problem_group, c.industry, m.kind, m.ladder_level, m.psychosocial_level,
         count(distinct c.cvr) as companies, count(*) as measures,
         count(*) filter (where coalesce(m.follow_up_use, m.control_use) = 'in_use') as in_use,
         count(*) filter (where coalesce(m.follow_up_use, m.control_use) = 'limited') as limited,
         count(*) filter (where coalesce(m.follow_up_use, m.control_use) = 'not_in_use') as not_in_use
  from measures m join v_cases c using (case_id)
  where m.kind is not null
  group by c.topic, c.problem_group, c.industry, m.kind, m.ladder_level, m.psychosocial_level
  having count(distinct c.cvr) >= (select smallest_count from publication_limits);
comment on view v_measure_catalogue is
  'What others did (R38): a measure is shown only when so many companies took one like it as the policy asks for.';

create view v_places as
  select p.case_id, p.place_id, p.p_number, p.is_department, p.sampled, p.documentation_parts, p.measures,
         p.control_day, p.control_announced, p.control_held_at, p.outcome, p.breached, c.kind, c.topic, c.status
  from places p join v_cases c using (case_id);
comment on view v_places is 'What each agreement includes (R10, R19), and what was documented and found there.';

create view v_time as
  select c.case_id, c.case_type, c.kind, c.topic, c.problem_group, c.inspector, spent.phase, spent.minutes
  from v_cases c
  cross join lateral (values
    ('investigation', c.minutes_investigation), ('offer', c.minutes_offer), ('guidance', c.minutes_guidance),
    ('documentation', c.minutes_documentation), ('control', c.minutes_control), ('system', c.minutes_system))
    as spent(phase, minutes)
  where spent.minutes > 0;
comment on view v_time is 'Minutes of inspectors by phase (R37), of agreements and of orders.';

create view v_involvement as
  select c.case_id, asked.at, asked.side, asked.involvement, c.topic, c.problem_group, c.industry, c.sector,
         c.size_class, c.status
  from v_cases c
  cross join lateral (values
    ('guidance', 'safety_representative', c.guidance_safety_representative),
    ('guidance', 'safety_organisation', c.guidance_safety_organisation),
    ('guidance', 'employees', c.guidance_employees),
    ('control', 'safety_representative', c.control_safety_representative),
    ('control', 'safety_organisation', c.control_safety_organisation),
    ('control', 'employees', c.control_employees)) as asked(at, side, involvement)
  where c.case_type = 'agreement' and asked.involvement is not null;
comment on view v_involvement is
  'How far each side of the safety organisation was involved (R33), as asked last at guidance and at control.';

grant select on v_places, v_time, v_involvement to aftale_analyst;
