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
  origin text not null default 'live', -- live, imported or replayed; a process of the release before does not say it
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

-- A case in areas, one row of each per case and audience; an area in which nothing has happened has none. The company's rows
-- are folded from those facts only that the company may know of. Columns are declared in cases/areas, and a test compares.
create table case_core (
  audience text not null check (audience in ('authority', 'company')),                    -- For whom the row is folded: the authority, or the company with what it may know of (R18).
  case_id uuid not null,                                                                  -- The agreement, order or other case.
  case_type text not null check (case_type in ('agreement', 'order', 'other')),           -- agreement, order or other.
  opened_at timestamptz not null,                                                         -- When it was offered, issued or opened.
  updated_at timestamptz not null,                                                        -- Domain time of the newest fact that the audience may know of.
  visible_version int not null,                                                           -- How many facts of the case the audience may know of.
  status text not null,                                                                   -- Where the case stands, as the one view shows it.
  kind text,                                                                              -- Agreement: suspicion, spread; order: immediate, with_deadline; other case: inspection, investigation ...
  cvr text,                                                                               -- The legal entity, by its CVR number; null until a fact names it.
  p_number text,                                                                          -- The production unit, by its P-number.
  topic text,                                                                             -- Code of the topic.
  problem_group text,                                                                     -- Code of the problem group of the topic.
  inspector text,                                                                         -- Pseudonymous id of the responsible inspector.
  centre text,                                                                            -- Centre of the responsible inspector (R42): north, east, south or other; null where no fact says it.
  inspection_id text,                                                                     -- The inspection that the offer arose from (R1).
  agreement_id uuid,                                                                      -- The agreement that this follows from.
  ended_at timestamptz,                                                                   -- When the case ended; null while it is open.
  next_step text,                                                                         -- What must happen next.
  next_by text check (next_by in ('company', 'inspector', 'authority', 'order-system')),  -- Who must do it: company, inspector, authority or order-system.
  next_due timestamptz,                                                                   -- Until when, an exclusive end.
  changed_units jsonb not null default '{}',                                              -- By P-number the units that are another's than the case says, or ceased: since when, and whether (R40).
  open_conflicts int not null default 0,                                                  -- How many conflicts stand that nobody has looked into yet (R8, R41).
  inspector_changes int not null default 0,                                               -- How often the responsible inspector changed.
  corrections int not null default 0,                                                     -- How often something recorded was corrected (R30).
  carried_over_to uuid,                                                                   -- The agreement of the unit's new owner with which this one goes on (R40); whoever counts agreements leaves this row out.
  number text,                                                                            -- By which people name the case: year and running number of an agreement; else its own system's number.
  primary key (case_id, audience)
) with (fillfactor = 70);
create index on case_core (audience, opened_at desc, case_id desc);
create index on case_core (audience, cvr, opened_at desc, case_id desc);
create index on case_core (audience, p_number, opened_at desc, case_id desc);
create index on case_core (audience, inspector, opened_at desc, case_id desc);
create index on case_core (audience, centre, opened_at desc, case_id desc);
create index on case_core (audience, topic, opened_at desc, case_id desc);
create index on case_core (audience, problem_group, opened_at desc, case_id desc);
create index on case_core (audience, case_type, status, opened_at desc, case_id desc);
create index on case_core (audience, next_due) where next_due is not null;
create index on case_core (agreement_id) where agreement_id is not null;
create index on case_core (audience, (lower(number) collate "C")) where number is not null;

create table case_deadlines (
  case_id uuid not null,
  audience text not null,
  period_months int,                      -- The compliance period that was offered, in months.
  deadlines jsonb not null default '{}',  -- By name, each with its anchor, rule, policy and skipped days (R27).
  extension_requested_at timestamptz,     -- When a longer deadline was asked for; null unless an answer is awaited (R13).
  extensions int not null default 0,      -- How often the deadline was extended.
  origin text not null default 'live',    -- Where the case comes from: live, imported or replayed; one that is not live is history.
  live_from timestamptz,                  -- From when on a case that was history goes on here; null until it is taken over (R28).
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_offer (
  case_id uuid not null,
  audience text not null,
  delivered_at timestamptz,                         -- When the offer was delivered (R4).
  delivery_failures int not null default 0,         -- How often delivery failed.
  undelivered bool not null default false,          -- Whether the offer could not be delivered.
  resent int not null default 0,                    -- How often the offer was sent again.
  read_at timestamptz,                              -- When somebody at the company opened the offer (R5).
  halfway_at timestamptz,                           -- When half of the time had passed without an answer (R5).
  understanding_asked_at timestamptz,               -- When the company was asked whether it understood the offer (R5).
  offer_understood bool,                            -- What it answered.
  contacts jsonb not null default '{}',             -- By contact about the unanswered offer, as told now: reached, understood, held_at, minutes (R5).
  accepted_at timestamptz,                          -- When the offer was accepted.
  accept_reason text,                               -- Coded reason of the acceptance (R36).
  declined_at timestamptz,                          -- When the offer was declined.
  decline_reason text,                              -- Coded reason of the no (R36).
  lapsed_at timestamptz,                            -- When the offer lapsed unanswered (R6).
  withdrawn_at timestamptz,                         -- When the offer was withdrawn.
  withdrawal_rule text,                             -- The rule by which it was withdrawn.
  acceptance_conflict bool not null default false,  -- Whether it was accepted before a breach elsewhere became known (R8).
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_guidance (
  case_id uuid not null,
  audience text not null,
  guidance_stands text,                      -- How guidance stands now: not_offered, offered, accepted, declined, held, closed (R12, R30).
  guidance_in_time bool,                     -- Whether it was offered, the first time, before its due day was over (R12).
  guidance_fell_due_at timestamptz,          -- When guidance fell due, by the day that holds now (R12, R13).
  guidance_overdue_at timestamptz,           -- When guidance was overdue, as it had not been offered in time (R12).
  guidance_offered_at timestamptz,           -- When guidance was offered (R12).
  guidance_accepted_at timestamptz,          -- When guidance was accepted (R12).
  guidance_declined_at timestamptz,          -- When guidance was declined.
  guidance_decline_reason text,              -- Coded reason why.
  guidance_held_at timestamptz,              -- When the first guidance meeting was held.
  guidance_meetings int not null default 0,  -- How many guidance meetings were held.
  guidance_minutes int not null default 0,   -- Minutes of guidance meetings.
  guidance_involvement jsonb,                -- By side how far it was involved, as last asked at guidance (R33).
  guidance_usefulness int,                   -- How useful the company found guidance, as it said last (R12).
  informal_contacts int not null default 0,  -- How many informal contacts there were.
  meetings jsonb not null default '{}',      -- By meeting, as told now: informal, minutes, held_at (R12, R30).
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_control (
  case_id uuid not null,
  audience text not null,
  documentation_at timestamptz,                -- When the first part of the documentation came.
  documentation_parts int not null default 0,  -- How many parts of documentation came.
  documentation_complete_at timestamptz,       -- When the documentation was complete (R16, R17).
  bookings jsonb not null default '{}',        -- By place the control that is booked there (R18, R19).
  control_id uuid,                             -- The booked control that comes next.
  control_day date,                            -- The day for which control is booked.
  control_booked_at timestamptz,               -- When the control was booked.
  control_announced bool,                      -- Whether the company was told of the day (R18).
  control_late_reason text,                    -- Coded reason for a day after the 60 days (R17).
  controls_undecided int not null default 0,   -- How many controls were turned into guidance (R21).
  control_held_at timestamptz,                 -- When the control that decided was held.
  control_form text,                           -- On site, by telephone and so on, coded.
  controls jsonb not null default '{}',        -- By place what was found, when, whether in time, and the minutes that it took (R17, R20).
  control_outcome text,                        -- What the control decided.
  within_60_days bool,                         -- Whether control was held within 60 days (R17); null until then.
  control_involvement jsonb,                   -- By side how far it was involved, as asked at the control (R33).
  spread_further bool,                         -- Whether measures were spread further, as last answered (R39).
  included_places int not null default 1,      -- How many places the agreement includes (R10).
  places_controlled int not null default 0,    -- How many of them were controlled (R19).
  other_findings int not null default 0,       -- How many other findings there were at control (R20).
  windows_at_risk jsonb not null default '{}',  -- By place why a control may have to be held after its window (R17).
  places_not_found jsonb not null default '{}',  -- By place since when no day was found for its control, or the inspection after a no, and why (R7, R17).
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_after (
  case_id uuid not null,
  audience text not null,
  fulfilled_at timestamptz,                 -- When the agreement was found to be kept.
  breached_at timestamptz,                  -- When it was found to be breached.
  terminated_at timestamptz,                -- When the agreement was terminated (R14).
  terminated_by text,                       -- By whom: the company or the authority.
  termination_reason text,                  -- Coded reason of the termination.
  hearing_opened_at timestamptz,            -- When the company was asked for its comments (R22).
  hearing_ended_at timestamptz,             -- When that hearing ended.
  order_requested_at timestamptz,           -- When an order was asked for.
  orders jsonb not null default '{}',       -- By request the order that was asked for: at which unit, whether overdue, whether issued (R22).
  orders_requested int not null default 0,  -- How many orders were asked for (R7, R22).
  orders_issued int not null default 0,     -- How many of them were issued.
  order_reminded_at timestamptz,            -- When the order system was reminded.
  order_overdue_at timestamptz,             -- When an order was overdue.
  new_inspection_day date,                  -- The day of the inspection after a no (R7).
  investigation_outcome text,               -- What an investigation led to.
  investigation_concluded_at timestamptz,   -- When the investigation was concluded.
  followed_by uuid,                         -- The order or other case that came of the agreement (R7, R22).
  followed_at timestamptz,                  -- When the order or other case that followed was opened.
  follow_up_on date,                        -- The day for which follow-up is planned (R24).
  follow_up_fell_due_at timestamptz,        -- When follow-up fell due (R24).
  follow_up_held_at timestamptz,            -- When follow-up was held.
  follow_up_minutes int,                    -- Minutes of follow-up.
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_order (
  case_id uuid not null,
  audience text not null,
  order_deadline date,                        -- The deadline of an order.
  appealed_at timestamptz,                    -- When an order was appealed.
  suspended bool not null default false,      -- Whether an order is suspended by an appeal in time (R25).
  unknown_codes jsonb not null default '{}',  -- Codes of the case that the reference data does not know, by field.
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_time_spent (
  case_id uuid not null,
  audience text not null,
  minutes_investigation int not null default 0,  -- Minutes of inspectors on investigation (R37).
  minutes_offer int not null default 0,          -- Minutes on the offer.
  minutes_guidance int not null default 0,       -- Minutes on guidance.
  minutes_documentation int not null default 0,  -- Minutes on documentation.
  minutes_control int not null default 0,        -- Minutes on control.
  minutes_system int not null default 0,         -- Minutes in the system.
  primary key (case_id, audience)
) with (fillfactor = 70);

-- The whole row. A join that no asked column needs is left out: a list reads case_core alone.
create view cases as
  select core.audience, core.case_id, core.case_type, core.opened_at, core.updated_at, core.visible_version,
         core.status, core.kind, core.cvr, core.p_number, core.topic, core.problem_group, core.inspector,
         core.centre, core.inspection_id, core.agreement_id, core.ended_at, core.next_step, core.next_by,
         core.next_due, core.changed_units, core.open_conflicts, core.inspector_changes, core.corrections,
         core.carried_over_to, deadlines.period_months, coalesce(deadlines.deadlines, '{}') as deadlines,
         deadlines.extension_requested_at, coalesce(deadlines.extensions, 0) as extensions, offer.delivered_at,
         coalesce(offer.delivery_failures, 0) as delivery_failures,
         coalesce(offer.undelivered, false) as undelivered, coalesce(offer.resent, 0) as resent, offer.read_at,
         offer.halfway_at, offer.understanding_asked_at, offer.offer_understood,
         coalesce(offer.contacts, '{}') as contacts, offer.accepted_at, offer.accept_reason, offer.declined_at,
         offer.decline_reason, offer.lapsed_at, offer.withdrawn_at, offer.withdrawal_rule,
         coalesce(offer.acceptance_conflict, false) as acceptance_conflict, guidance.guidance_stands,
         guidance.guidance_in_time, guidance.guidance_fell_due_at, guidance.guidance_overdue_at,
         guidance.guidance_offered_at, guidance.guidance_accepted_at, guidance.guidance_declined_at,
         guidance.guidance_decline_reason, guidance.guidance_held_at,
         coalesce(guidance.guidance_meetings, 0) as guidance_meetings,
         coalesce(guidance.guidance_minutes, 0) as guidance_minutes, guidance.guidance_involvement,
         guidance.guidance_usefulness, coalesce(guidance.informal_contacts, 0) as informal_contacts,
         coalesce(guidance.meetings, '{}') as meetings, control.documentation_at,
         coalesce(control.documentation_parts, 0) as documentation_parts, control.documentation_complete_at,
         coalesce(control.bookings, '{}') as bookings, control.control_id, control.control_day,
         control.control_booked_at, control.control_announced, control.control_late_reason,
         coalesce(control.controls_undecided, 0) as controls_undecided, control.control_held_at,
         control.control_form, coalesce(control.controls, '{}') as controls, control.control_outcome,
         control.within_60_days, control.control_involvement, control.spread_further,
         coalesce(control.included_places, 1) as included_places,
         coalesce(control.places_controlled, 0) as places_controlled,
         coalesce(control.other_findings, 0) as other_findings, after.fulfilled_at, after.breached_at,
         after.terminated_at, after.terminated_by, after.termination_reason, after.hearing_opened_at,
         after.hearing_ended_at, after.order_requested_at, coalesce(after.orders, '{}') as orders,
         coalesce(after.orders_requested, 0) as orders_requested,
         coalesce(after.orders_issued, 0) as orders_issued, after.order_reminded_at, after.order_overdue_at,
         after.new_inspection_day, after.investigation_outcome, after.investigation_concluded_at,
         after.followed_by, after.followed_at, after.follow_up_on, after.follow_up_fell_due_at,
         after.follow_up_held_at, after.follow_up_minutes, orders.order_deadline, orders.appealed_at,
         coalesce(orders.suspended, false) as suspended, coalesce(orders.unknown_codes, '{}') as unknown_codes,
         coalesce(time_spent.minutes_investigation, 0) as minutes_investigation,
         coalesce(time_spent.minutes_offer, 0) as minutes_offer,
         coalesce(time_spent.minutes_guidance, 0) as minutes_guidance,
         coalesce(time_spent.minutes_documentation, 0) as minutes_documentation,
         coalesce(time_spent.minutes_control, 0) as minutes_control,
         coalesce(time_spent.minutes_system, 0) as minutes_system,
         coalesce(control.windows_at_risk, '{}') as windows_at_risk,
         coalesce(control.places_not_found, '{}') as places_not_found, coalesce(deadlines.origin, 'live') as origin,
         deadlines.live_from, core.number
  from case_core core
    left join case_deadlines deadlines on deadlines.case_id = core.case_id and deadlines.audience = core.audience
    left join case_offer offer on offer.case_id = core.case_id and offer.audience = core.audience
    left join case_guidance guidance on guidance.case_id = core.case_id and guidance.audience = core.audience
    left join case_control control on control.case_id = core.case_id and control.audience = core.audience
    left join case_after after on after.case_id = core.case_id and after.audience = core.audience
    left join case_order orders on orders.case_id = core.case_id and orders.audience = core.audience
    left join case_time_spent time_spent on time_spent.case_id = core.case_id and time_spent.audience = core.audience;

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
  planned_on date,                     -- of a control that is not booked yet (R17); never for a company (R18)
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
  postcode text,
  address text,                        -- street and number
  searched text,                       -- folded name, address, postcode and numbers, between spaces: what a search compares
  grams text[] not null default '{}',  -- the n-grams of `searched`
  sort_key text collate "C",           -- by which names sort in Danish order
  primary key (p_number, effective_from)
);
create index on units (cvr);
create index on units (industry, p_number);
create index on units using gin (grams) with (gin_pending_list_limit = 256);  -- in kB: each search reads that list
create index on units (sort_key, p_number, effective_from);

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
create table case_core_rebuilt (like case_core including defaults including constraints including indexes);
create table case_deadlines_rebuilt (like case_deadlines including defaults including constraints including indexes);
create table case_offer_rebuilt (like case_offer including defaults including constraints including indexes);
create table case_guidance_rebuilt (like case_guidance including defaults including constraints including indexes);
create table case_control_rebuilt (like case_control including defaults including constraints including indexes);
create table case_after_rebuilt (like case_after including defaults including constraints including indexes);
create table case_order_rebuilt (like case_order including defaults including constraints including indexes);
create table case_time_spent_rebuilt (like case_time_spent including defaults including constraints including indexes);
create view cases_rebuilt as
  select core.audience, core.case_id, core.case_type, core.opened_at, core.updated_at, core.visible_version,
         core.status, core.kind, core.cvr, core.p_number, core.topic, core.problem_group, core.inspector,
         core.centre, core.inspection_id, core.agreement_id, core.ended_at, core.next_step, core.next_by,
         core.next_due, core.changed_units, core.open_conflicts, core.inspector_changes, core.corrections,
         core.carried_over_to, deadlines.period_months, coalesce(deadlines.deadlines, '{}') as deadlines,
         deadlines.extension_requested_at, coalesce(deadlines.extensions, 0) as extensions, offer.delivered_at,
         coalesce(offer.delivery_failures, 0) as delivery_failures,
         coalesce(offer.undelivered, false) as undelivered, coalesce(offer.resent, 0) as resent, offer.read_at,
         offer.halfway_at, offer.understanding_asked_at, offer.offer_understood,
         coalesce(offer.contacts, '{}') as contacts, offer.accepted_at, offer.accept_reason, offer.declined_at,
         offer.decline_reason, offer.lapsed_at, offer.withdrawn_at, offer.withdrawal_rule,
         coalesce(offer.acceptance_conflict, false) as acceptance_conflict, guidance.guidance_stands,
         guidance.guidance_in_time, guidance.guidance_fell_due_at, guidance.guidance_overdue_at,
         guidance.guidance_offered_at, guidance.guidance_accepted_at, guidance.guidance_declined_at,
         guidance.guidance_decline_reason, guidance.guidance_held_at,
         coalesce(guidance.guidance_meetings, 0) as guidance_meetings,
         coalesce(guidance.guidance_minutes, 0) as guidance_minutes, guidance.guidance_involvement,
         guidance.guidance_usefulness, coalesce(guidance.informal_contacts, 0) as informal_contacts,
         coalesce(guidance.meetings, '{}') as meetings, control.documentation_at,
         coalesce(control.documentation_parts, 0) as documentation_parts, control.documentation_complete_at,
         coalesce(control.bookings, '{}') as bookings, control.control_id, control.control_day,
         control.control_booked_at, control.control_announced, control.control_late_reason,
         coalesce(control.controls_undecided, 0) as controls_undecided, control.control_held_at,
         control.control_form, coalesce(control.controls, '{}') as controls, control.control_outcome,
         control.within_60_days, control.control_involvement, control.spread_further,
         coalesce(control.included_places, 1) as included_places,
         coalesce(control.places_controlled, 0) as places_controlled,
         coalesce(control.other_findings, 0) as other_findings, after.fulfilled_at, after.breached_at,
         after.terminated_at, after.terminated_by, after.termination_reason, after.hearing_opened_at,
         after.hearing_ended_at, after.order_requested_at, coalesce(after.orders, '{}') as orders,
         coalesce(after.orders_requested, 0) as orders_requested,
         coalesce(after.orders_issued, 0) as orders_issued, after.order_reminded_at, after.order_overdue_at,
         after.new_inspection_day, after.investigation_outcome, after.investigation_concluded_at,
         after.followed_by, after.followed_at, after.follow_up_on, after.follow_up_fell_due_at,
         after.follow_up_held_at, after.follow_up_minutes, orders.order_deadline, orders.appealed_at,
         coalesce(orders.suspended, false) as suspended, coalesce(orders.unknown_codes, '{}') as unknown_codes,
         coalesce(time_spent.minutes_investigation, 0) as minutes_investigation,
         coalesce(time_spent.minutes_offer, 0) as minutes_offer,
         coalesce(time_spent.minutes_guidance, 0) as minutes_guidance,
         coalesce(time_spent.minutes_documentation, 0) as minutes_documentation,
         coalesce(time_spent.minutes_control, 0) as minutes_control,
         coalesce(time_spent.minutes_system, 0) as minutes_system,
         coalesce(control.windows_at_risk, '{}') as windows_at_risk,
         coalesce(control.places_not_found, '{}') as places_not_found, coalesce(deadlines.origin, 'live') as origin,
         deadlines.live_from, core.number
  from case_core_rebuilt core
    left join case_deadlines_rebuilt deadlines on deadlines.case_id = core.case_id and deadlines.audience = core.audience
    left join case_offer_rebuilt offer on offer.case_id = core.case_id and offer.audience = core.audience
    left join case_guidance_rebuilt guidance on guidance.case_id = core.case_id and guidance.audience = core.audience
    left join case_control_rebuilt control on control.case_id = core.case_id and control.audience = core.audience
    left join case_after_rebuilt after on after.case_id = core.case_id and after.audience = core.audience
    left join case_order_rebuilt orders on orders.case_id = core.case_id and orders.audience = core.audience
    left join case_time_spent_rebuilt time_spent on time_spent.case_id = core.case_id and time_spent.audience = core.audience;
create table case_history_rebuilt (like case_history including all);
create table tasks_rebuilt (like tasks including all);
create table measures_rebuilt (like measures including all);
create table places_rebuilt (like places including all);
create table units_rebuilt (like units including all);
create table quarantines_rebuilt (like quarantines including all);
create table links_rebuilt (like links including all);

-- A process of the release before writes whole rows, in its rebuild too. Goes with the next release.
-- Such a process says nothing of columns that it does not know.
alter view cases
  alter column changed_units set default '{}',
  alter column open_conflicts set default 0,
  alter column inspector_changes set default 0,
  alter column corrections set default 0,
  alter column deadlines set default '{}',
  alter column extensions set default 0,
  alter column delivery_failures set default 0,
  alter column undelivered set default false,
  alter column resent set default 0,
  alter column contacts set default '{}',
  alter column acceptance_conflict set default false,
  alter column guidance_meetings set default 0,
  alter column guidance_minutes set default 0,
  alter column informal_contacts set default 0,
  alter column meetings set default '{}',
  alter column documentation_parts set default 0,
  alter column bookings set default '{}',
  alter column controls_undecided set default 0,
  alter column controls set default '{}',
  alter column included_places set default 1,
  alter column places_controlled set default 0,
  alter column other_findings set default 0,
  alter column orders set default '{}',
  alter column orders_requested set default 0,
  alter column orders_issued set default 0,
  alter column suspended set default false,
  alter column unknown_codes set default '{}',
  alter column minutes_investigation set default 0,
  alter column minutes_offer set default 0,
  alter column minutes_guidance set default 0,
  alter column minutes_documentation set default 0,
  alter column minutes_control set default 0,
  alter column minutes_system set default 0,
  alter column windows_at_risk set default '{}',
  alter column places_not_found set default '{}',
  alter column origin set default 'live';
alter view cases_rebuilt
  alter column changed_units set default '{}',
  alter column open_conflicts set default 0,
  alter column inspector_changes set default 0,
  alter column corrections set default 0,
  alter column deadlines set default '{}',
  alter column extensions set default 0,
  alter column delivery_failures set default 0,
  alter column undelivered set default false,
  alter column resent set default 0,
  alter column contacts set default '{}',
  alter column acceptance_conflict set default false,
  alter column guidance_meetings set default 0,
  alter column guidance_minutes set default 0,
  alter column informal_contacts set default 0,
  alter column meetings set default '{}',
  alter column documentation_parts set default 0,
  alter column bookings set default '{}',
  alter column controls_undecided set default 0,
  alter column controls set default '{}',
  alter column included_places set default 1,
  alter column places_controlled set default 0,
  alter column other_findings set default 0,
  alter column orders set default '{}',
  alter column orders_requested set default 0,
  alter column orders_issued set default 0,
  alter column suspended set default false,
  alter column unknown_codes set default '{}',
  alter column minutes_investigation set default 0,
  alter column minutes_offer set default 0,
  alter column minutes_guidance set default 0,
  alter column minutes_documentation set default 0,
  alter column minutes_control set default 0,
  alter column minutes_system set default 0,
  alter column windows_at_risk set default '{}',
  alter column places_not_found set default '{}',
  alter column origin set default 'live';

create function split_as_the_release_before_writes() returns trigger language plpgsql
set search_path from current as $$
declare
  suffix text := tg_argv[0];
  filled text[] := array['core'];
  area text;
begin
  if tg_op = 'DELETE' then
    foreach area in array array['core', 'deadlines', 'offer', 'guidance', 'control', 'after', 'order', 'time_spent'] loop
      execute format('delete from %I where case_id = $1 and audience = $2', 'case_' || area || suffix)
        using old.case_id, old.audience;
    end loop;
    return old;
  end if;
  if new.period_months is not null or new.deadlines <> '{}' or new.extension_requested_at is not null or
     new.extensions <> 0 then
    filled := array_append(filled, 'deadlines');
  end if;
  if new.delivered_at is not null or new.delivery_failures <> 0 or new.undelivered or new.resent <> 0 or
     new.read_at is not null or new.halfway_at is not null or new.understanding_asked_at is not null or
     new.offer_understood is not null or new.contacts <> '{}' or new.accepted_at is not null or
     new.accept_reason is not null or new.declined_at is not null or new.decline_reason is not null or
     new.lapsed_at is not null or new.withdrawn_at is not null or new.withdrawal_rule is not null or
     new.acceptance_conflict then
    filled := array_append(filled, 'offer');
  end if;
  if new.guidance_stands is not null or new.guidance_in_time is not null or new.guidance_fell_due_at is not null or
     new.guidance_overdue_at is not null or new.guidance_offered_at is not null or
     new.guidance_accepted_at is not null or new.guidance_declined_at is not null or
     new.guidance_decline_reason is not null or new.guidance_held_at is not null or new.guidance_meetings <> 0 or
     new.guidance_minutes <> 0 or new.guidance_involvement is not null or new.guidance_usefulness is not null or
     new.informal_contacts <> 0 or new.meetings <> '{}' then
    filled := array_append(filled, 'guidance');
  end if;
  if new.documentation_at is not null or new.documentation_parts <> 0 or new.documentation_complete_at is not null
     or new.bookings <> '{}' or new.control_id is not null or new.control_day is not null or
     new.control_booked_at is not null or new.control_announced is not null or new.control_late_reason is not null
     or new.controls_undecided <> 0 or new.control_held_at is not null or new.control_form is not null or
     new.controls <> '{}' or new.control_outcome is not null or new.within_60_days is not null or
     new.control_involvement is not null or new.spread_further is not null or new.included_places <> 1 or
     new.places_controlled <> 0 or new.other_findings <> 0 then
    filled := array_append(filled, 'control');
  end if;
  if new.fulfilled_at is not null or new.breached_at is not null or new.terminated_at is not null or
     new.terminated_by is not null or new.termination_reason is not null or new.hearing_opened_at is not null or
     new.hearing_ended_at is not null or new.order_requested_at is not null or new.orders <> '{}' or
     new.orders_requested <> 0 or new.orders_issued <> 0 or new.order_reminded_at is not null or
     new.order_overdue_at is not null or new.new_inspection_day is not null or new.investigation_outcome is not null
     or new.investigation_concluded_at is not null or new.followed_by is not null or new.followed_at is not null or
     new.follow_up_on is not null or new.follow_up_fell_due_at is not null or new.follow_up_held_at is not null or
     new.follow_up_minutes is not null then
    filled := array_append(filled, 'after');
  end if;
  if new.order_deadline is not null or new.appealed_at is not null or new.suspended or new.unknown_codes <> '{}'
     then
    filled := array_append(filled, 'order');
  end if;
  if new.minutes_investigation <> 0 or new.minutes_offer <> 0 or new.minutes_guidance <> 0 or
     new.minutes_documentation <> 0 or new.minutes_control <> 0 or new.minutes_system <> 0 then
    filled := array_append(filled, 'time_spent');
  end if;
  foreach area in array filled loop
    execute format(
      'insert into %1$I select told.* from jsonb_populate_record(null::%1$I, $1) told on conflict do nothing',
      'case_' || area || suffix)
      using to_jsonb(new);
  end loop;
  return new;
end $$;
create trigger written_by_the_release_before instead of insert or delete on cases
  for each row execute function split_as_the_release_before_writes('');
create trigger written_by_the_release_before instead of insert or delete on cases_rebuilt
  for each row execute function split_as_the_release_before_writes('_rebuilt');

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
         f.data - 'name' - 'address' as data, f.occurred_at, f.recorded_at, f.received_at, f.actor, f.policy,
         understood.case_id, f.on_behalf_of, f.origin
  from facts f left join facts_as_understood understood on understood.position = f.position;
comment on view v_facts is
  'Every fact, in the order taken. data: ids, codes, dates and numbers, as the contract of its producer says.';

create view v_units as
  select p_number, cvr, industry, sector, size_class, effective_from,
         lead(effective_from) over (partition by p_number order by effective_from) as effective_until, postcode
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
         c.minutes_system, c.unknown_codes, c.centre, c.carried_over_to, c.origin, c.live_from,
         c.number
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

\ir ../../shared/people/sql/people.sql

\ir analysts.sql
\ir ../../migrations/privileges/service_login.sql
\ir ../../migrations/privileges/append_only.sql
