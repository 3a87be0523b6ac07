-- The read model of reporting: run once in the service's own schema (search_path points to it).
-- Views for analysts are in views.sql.

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
  case_id uuid,                        -- the case that it is about; null where it is about none, or the type is unknown
  seen_by_company bool not null,
  unique (source, stream, epoch, version)
);
create index on facts (case_id, position) where case_id is not null;
create index on facts (type, occurred_at);

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
  only_row bool primary key default true check (only_row)
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
  primary key (audience, case_id)
) with (fillfactor = 70);
create index on cases (audience, opened_at desc, case_id desc);
create index on cases (audience, cvr, opened_at desc, case_id desc);
create index on cases (audience, p_number, opened_at desc, case_id desc);
create index on cases (audience, inspector, opened_at desc, case_id desc);
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
  primary key (case_id, measure_id)
);

-- A unit as it is from a day on, until the next row of the same unit.
create table units (
  p_number text not null,
  effective_from date not null,
  cvr text not null,
  name text not null,
  industry text not null,
  sector text not null,
  size_class text not null,
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

-- A rebuild is folded into these, beside the live tables.
create table cases_rebuilt (like cases including defaults including constraints including indexes);
create table case_history_rebuilt (like case_history including all);
create table tasks_rebuilt (like tasks including all);
create table measures_rebuilt (like measures including all);
create table units_rebuilt (like units including all);
create table quarantines_rebuilt (like quarantines including all);
