-- The read model of reporting as it stands today, for the service's own schema (search_path points to it).
-- The migrations lead to the same, and a test compares the two. Columns stand in the order in which they came.
-- Views for analysts are at the end.

-- Every fact that was taken, as it came: the truth of this service, the analysts' event table, what a rebuild reads.
create table facts (
  position bigint primary key,         -- dense, in commit order; given by the projection
  source text not null,
  stream uuid not null,
  epoch int not null,
  version int not null,
  event_id uuid not null,
  type text not null,
  schema_version smallint not null,
  data jsonb not null,                 -- the public part: ids, codes, dates and numbers
  occurred_at timestamptz not null,    -- domain time
  recorded_at timestamptz not null,    -- machine time at the source
  received_at timestamptz not null default clock_timestamp(),
  actor text not null,
  policy text,
  concerns jsonb not null,
  case_id uuid,                        -- written by the release before only, as is seen_by_company; the next release drops both
  seen_by_company bool,
  on_behalf_of text,                   -- R30: for whom somebody acted: a CVR, or the colleague they stood in for
  unique (source, stream, epoch, version)
);
create index on facts (case_id, position) where case_id is not null;  -- goes with the column
create index on facts (type, occurred_at);

-- What this release's classes understand of each fact. It stands beside the facts because a rebuild brings it up to date,
-- while what was recorded never changes (R30).
create table facts_as_understood (
  position bigint primary key,
  case_id uuid,                        -- the case that it is about; null where it is about none, or the type is unknown
  seen_by_company bool not null,       -- R18
  follows uuid                         -- the agreement that the case which it opens, or tells of, follows from: it concerns that too
);
create index on facts_as_understood (case_id, position) include (seen_by_company) where case_id is not null;
create index facts_as_understood_that_follow on facts_as_understood (follows, position) where follows is not null;

-- A process of the release before marks the facts themselves. Goes with these columns.
create function understand_as_the_release_before() returns trigger language plpgsql
set search_path from current as $$
begin
  insert into facts_as_understood (position, case_id, seen_by_company)
  values (new.position, new.case_id, new.seen_by_company);
  return null;
end $$;
create trigger marked_by_the_release_before after insert on facts
  for each row when (new.seen_by_company is not null) execute function understand_as_the_release_before();

-- A rebuild folds one case after the other: all facts that concern a case are read together, in order.

-- What a process of the release before reads in place of the column `follows`; the next release drops both.
create function follows(type text, data jsonb) returns uuid language sql immutable parallel safe
return (case type
  when 'OfferSent' then data ->> 'follows'
  when 'OrderIssued' then data ->> 'agreement_id'
  when 'OtherCaseOpened' then data ->> 'agreement_id'
  when 'OtherCaseAnnounced' then data ->> 'agreement_id'
  when 'OtherCaseClosed' then data ->> 'agreement_id'
end)::uuid;
create index facts_that_follow on facts (follows(type, data), position) where follows(type, data) is not null;

-- Facts of the register, and those whose type is not known (yet).
create index facts_of_no_case on facts_as_understood (position) where case_id is null;

-- The newest fact taken from each stream of each source.
create table inbox (
  source text not null,
  stream uuid not null,
  epoch int not null,
  version int not null,
  event_id uuid not null,
  primary key (source, stream)
) with (fillfactor = 70);

-- One row: the position of the newest fact, and the lock under which the projection moves.
create table checkpoint (
  position bigint not null,
  only_row bool primary key default true check (only_row),
  -- Named anew by every transaction that changes rows of the view: a process that finds the name that it gave last
  -- knows that the rows it wrote are still those of the database.
  state uuid not null default gen_random_uuid(),
  -- R18: the rules of visibility by which the companies' rows and the marks of facts were made, and the state up to
  -- which all were: while it is not `state`, a process with other rules has written, and no company is served.
  visibility text,
  companies_state uuid
);
insert into checkpoint values (0);

-- One row per case and audience. The company's row is folded from those facts only that the company may know of.
create table cases (
  audience text not null check (audience in ('authority', 'company')),
  case_id uuid not null,
  case_type text not null check (case_type in ('agreement', 'order', 'other')),
  kind text,                           -- suspicion, spread; immediate, with_deadline; inspection, investigation ...
  status text not null,
  cvr text,                            -- null until a fact that names it has come
  p_number text,
  topic text,
  problem_group text,
  inspector text,                      -- pseudonymous id
  inspection_id text,
  agreement_id uuid,                   -- the agreement that an order or other case follows from
  opened_at timestamptz not null,      -- offered, issued or opened
  ended_at timestamptz,

  next_step text,
  next_by text check (next_by in ('company', 'inspector', 'authority', 'order-system')),
  next_due timestamptz,                -- exclusive end
  deadlines jsonb not null,            -- by name, each with its anchor, rule, policy and skipped days (R27)

  period_months int,
  delivered_at timestamptz,
  delivery_failures int not null,
  read_at timestamptz,                 -- R5: somebody at the company opened the offer
  halfway_at timestamptz,              -- R5: half of the time passed without an answer
  accepted_at timestamptz,
  accept_reason text,                  -- coded (R36), as the two others
  declined_at timestamptz,
  decline_reason text,
  lapsed_at timestamptz,
  withdrawn_at timestamptz,
  withdrawal_rule text,
  acceptance_conflict bool not null,   -- R8: accepted before a breach became known

  guidance_fell_due_at timestamptz,
  guidance_overdue_at timestamptz,     -- R12: not offered in time
  guidance_offered_at timestamptz,
  guidance_accepted_at timestamptz,
  guidance_declined_at timestamptz,
  guidance_decline_reason text,
  guidance_held_at timestamptz,        -- the first meeting
  guidance_meetings int not null,
  guidance_minutes int not null,
  guidance_involvement jsonb,          -- R33, as last asked at guidance

  documentation_at timestamptz,        -- the first part
  documentation_parts int not null,
  documentation_complete_at timestamptz,

  control_id uuid,                     -- the booked control
  control_day date,
  control_booked_at timestamptz,
  control_announced bool,
  control_late_reason text,            -- R17: coded reason for a day after the 60 days
  controls_undecided int not null,     -- R21: turned into guidance
  control_held_at timestamptz,         -- the control that decided
  control_form text,
  control_outcome text,
  within_60_days bool,                 -- R17: null until controlled
  control_involvement jsonb,           -- R33, as asked at the control
  spread_further bool,                 -- R39, as last answered

  fulfilled_at timestamptz,
  breached_at timestamptz,
  hearing_opened_at timestamptz,
  hearing_ended_at timestamptz,
  order_requested_at timestamptz,
  followed_by uuid,                    -- the order or other case that came of it (R7, R22)
  followed_at timestamptz,
  follow_up_on date,
  follow_up_fell_due_at timestamptz,
  follow_up_held_at timestamptz,
  follow_up_minutes int,

  order_deadline date,
  appealed_at timestamptz,
  suspended bool not null,             -- R25: an appeal in time suspends

  visible_version int not null,        -- how many facts the audience has seen
  updated_at timestamptz not null,     -- domain time of the newest of them

  undelivered bool not null default false,        -- R4
  resent int not null default 0,
  understanding_asked_at timestamptz,             -- R5
  offer_understood bool,
  terminated_at timestamptz,                      -- R14
  terminated_by text,
  termination_reason text,
  inspector_changes int not null default 0,       -- R15
  extension_requested_at timestamptz,             -- R13: awaits its answer
  extensions int not null default 0,
  guidance_usefulness int,                        -- R12: as the company said last
  informal_contacts int not null default 0,
  meetings jsonb not null default '{}',           -- what a correction needs to know of each
  bookings jsonb not null default '{}',           -- R19: booked controls by place
  included_places int not null default 1,
  places_controlled int not null default 0,
  other_findings int not null default 0,          -- R20
  corrections int not null default 0,             -- R30
  orders_requested int not null default 0,        -- R7, R22
  orders_issued int not null default 0,
  order_reminded_at timestamptz,
  order_overdue_at timestamptz,
  new_inspection_day date,                        -- R7
  investigation_outcome text,
  investigation_concluded_at timestamptz,
  minutes_investigation int not null default 0,   -- R37
  minutes_offer int not null default 0,
  minutes_guidance int not null default 0,
  minutes_documentation int not null default 0,
  minutes_control int not null default 0,
  minutes_system int not null default 0,
  unknown_codes jsonb not null default '{}',      -- codes that the reference data does not know

  -- What stands now where dates alone do not say it: guidance that is offered again, places that are controlled one by
  -- one, orders of which some are issued.
  guidance_stands text,                           -- R12, R30: not_offered, offered, accepted, declined, held, closed
  guidance_in_time bool,                          -- R12: offered, the first time, before its due day was over
  contacts jsonb not null default '{}',           -- R5: by contact: reached, understood, held_at, minutes
  controls jsonb not null default '{}',           -- R17, R20: by place: outcome, held_at, in_time, minutes
  orders jsonb not null default '{}',             -- R22: by request: unit, overdue, issued
  changed_units jsonb not null default '{}',      -- R40: by unit: since when it is another's, or ceased
  centre text,                                    -- R26, R42: of the responsible inspector; null where no fact says it
  open_conflicts int not null default 0,          -- R8, R41: those that stand and that nobody has looked into
  carried_over_to uuid,                           -- R40: the agreement of the unit's new owner with which it goes on

  primary key (case_id, audience)
) with (fillfactor = 70);
create index on cases (audience, opened_at desc, case_id desc);
create index on cases (audience, cvr, opened_at desc, case_id desc);
create index on cases (audience, p_number, opened_at desc, case_id desc);
create index on cases (audience, inspector, opened_at desc, case_id desc);
create index on cases (audience, centre, opened_at desc, case_id desc);
create index on cases (audience, topic, opened_at desc, case_id desc);
create index on cases (audience, problem_group, opened_at desc, case_id desc);
create index on cases (audience, case_type, status, opened_at desc, case_id desc);
create index on cases (audience, next_due) where next_due is not null;
create index on cases (agreement_id) where agreement_id is not null;

-- Which status a case reached, when it held (effective) and when it was known (recorded).
create table case_history (
  audience text not null,
  case_id uuid not null,
  position bigint not null,            -- the fact that brought it
  status text not null,
  effective_at timestamptz not null,
  recorded_at timestamptz not null,
  primary key (audience, case_id, position)
);

-- What an inspector has to do, and had.
create table tasks (
  case_id uuid not null,
  kind text not null,
  number int not null,                 -- 1 for the first task of its kind on the case
  inspector text,
  due timestamptz,
  since timestamptz not null,
  closed_at timestamptz,
  primary key (case_id, kind, number)
);
create index on tasks (inspector, due, case_id, kind, number) where closed_at is null;

-- R16, R35: what the company did, and whether it is used.
create table measures (
  case_id uuid not null,
  measure_id uuid not null,
  kind text,                           -- null where control saw a measure that was never reported
  ladder_level int,
  psychosocial_level int,
  reported_part int,
  reported_at timestamptz,
  verified bool,
  control_use text,
  control_non_use_reason text,
  follow_up_use text,
  follow_up_non_use_reason text,
  beyond_agreement bool not null default false,  -- R39
  carried_on bool not null default false,
  primary key (case_id, measure_id)
);

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

-- A unit as it is from a day on, until the next row of the same unit.
create table units (
  p_number text not null,
  effective_from date not null,
  cvr text,                            -- null, as what follows, from the day on which the unit ceased (R40)
  name text,
  industry text,
  sector text,
  size_class text,
  unknown_codes jsonb not null default '{}',
  primary key (p_number, effective_from)
);
create index on units (cvr);
create index on units (industry, p_number);

-- R22: no new agreements for a while.
create table quarantines (
  agreement_id uuid not null,          -- the breached agreement
  p_number text not null,              -- '' where every unit of the legal entity is in quarantine
  cvr text not null,
  imposed_at timestamptz,
  ends_at timestamptz,
  ended_at timestamptz,
  policy text,
  primary key (agreement_id, p_number)
);
create index on quarantines (cvr);

-- R8, R41: what ties two cases that are in conflict. The row belongs to the case whose fact told it, and is found from
-- both: with an order on the topic of an agreement, another agreement there, or the breach behind a quarantine.
create table links (
  audience text not null,
  case_id uuid not null,
  other_case_id uuid not null,
  kind text not null,
  since timestamptz not null,
  ended_at timestamptz,
  primary key (case_id, audience, other_case_id, kind)
);
create index on links (other_case_id, audience);

-- A rebuild is folded into these, beside the live tables.
create table cases_rebuilt (like cases including defaults including constraints including indexes);
create table case_history_rebuilt (like case_history including all);
create table tasks_rebuilt (like tasks including all);
create table measures_rebuilt (like measures including all);
create table places_rebuilt (like places including all);
create table units_rebuilt (like units including all);
create table quarantines_rebuilt (like quarantines including all);
create table links_rebuilt (like links including all);

-- R38: smaller counts of companies are not shown. The service writes what its policy says when it starts.
create table publication_limits (
  smallest_count int not null,
  only_row bool primary key default true check (only_row)
);
insert into publication_limits values (3);

\ir ../../shared/eventstore/sql/append_only.sql
\ir ../../shared/messaging/sql/parked.sql
\ir ../../shared/messaging/sql/consumer_positions.sql

-- What analysts read. Names and meanings of the columns are stable; columns are only added, at the end. No view holds a
-- name or free text. What is published of them suppresses the counts of few companies.

create view v_facts as
  select f.position, f.source, f.stream, f.epoch, f.version, f.event_id, f.type, f.schema_version,
         f.data - 'name' as data, f.occurred_at, f.recorded_at, f.received_at, f.actor, f.policy, understood.case_id,
         f.on_behalf_of
  from facts f left join facts_as_understood understood on understood.position = f.position;
comment on view v_facts is
  'Every fact, in the order taken. data: ids, codes, dates and numbers, as the contract of its producer says.';

create view v_units as
  select p_number, cvr, industry, sector, size_class, effective_from,
         lead(effective_from) over (partition by p_number order by effective_from) as effective_until
  from units;
comment on view v_units is 'Production units, each row from its day on until (exclusive) the next one of the unit.';

create view v_cases as
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
         c.minutes_system, c.unknown_codes, c.centre, c.carried_over_to
  from cases c
  left join lateral (
    select industry, sector, size_class from units
    where units.p_number = c.p_number and effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
    order by effective_from desc limit 1
  ) unit on true
  where c.audience = 'authority' and c.status <> 'unknown';
comment on view v_cases is
  'Agreements, orders and other cases as they stand, with the unit as it was when the case was opened.';

create view v_case_history as
  select case_id, status, effective_at, recorded_at, position from case_history where audience = 'authority';
comment on view v_case_history is
  'The statuses of each case: effective_at is from when on it held, as the fact says, recorded_at when it was known. The
   status of a case on day D as known on day K: of the rows with effective_at <= D and recorded_at <= K leave out those
   that have one with a higher position and no lower effective_at, and take an ending, or else the newest by effective_at.';

create view v_measures as
  select m.case_id, m.measure_id, m.kind, m.ladder_level, m.psychosocial_level, m.reported_part, m.reported_at,
         m.verified, m.control_use, m.control_non_use_reason, m.follow_up_use, m.follow_up_non_use_reason,
         c.topic, c.problem_group, c.status, c.industry, c.sector, c.size_class, m.beyond_agreement, m.carried_on
  from measures m join v_cases c using (case_id);
comment on view v_measures is
  'What companies did (R16) with its level on both ladders, and whether it is used at control and follow-up (R35).';

create view v_measure_catalogue as
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

create view v_tasks as
  select case_id, kind, number, inspector, due, since, closed_at from tasks;
comment on view v_tasks is 'What inspectors had to do, from since to closed_at; open where closed_at is null.';

create view v_quarantines as
  select agreement_id, nullif(p_number, '') as p_number, cvr, imposed_at, ends_at, ended_at, policy from quarantines;
comment on view v_quarantines is 'R22: quarantines; p_number is null where every unit of the legal entity is in one.';

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
  where c.case_type = 'agreement' and c.carried_over_to is null and asked.involvement is not null;
comment on view v_involvement is
  'How far each side of the safety organisation was involved (R33), as asked last at guidance and at control; of an
   agreement that was carried over (R40) as the new owner told it.';

create view v_guidance as
  select c.case_id, own.guidance_stands as stands, own.guidance_in_time as in_time,
         own.guidance_overdue_at as overdue_at, c.topic, c.problem_group, c.industry, c.sector, c.size_class,
         c.inspector, c.status
  from v_cases c join cases own on own.case_id = c.case_id and own.audience = 'authority'
  where c.case_type = 'agreement' and c.accepted_at is not null and c.carried_over_to is null;
comment on view v_guidance is
  'How guidance stands in each accepted agreement, and whether it was offered in time (R12). One that was carried over to
   the unit''s new owner stands here as the case with which it goes on (R40).';

create view v_conflicts as
  select case_id, other_case_id, kind, since, ended_at from links where audience = 'authority';
comment on view v_conflicts is
  'Conflicts of agreements (R8, R41): with an order, another agreement, or the breach behind a quarantine.';

\ir analysts.sql
\ir ../../migrations/privileges/service_login.sql
\ir ../../migrations/privileges/append_only.sql
