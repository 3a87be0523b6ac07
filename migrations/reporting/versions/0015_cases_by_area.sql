-- Expand. The wide table of cases becomes eight tables, one for each area of a case, and `cases` a view of the whole row.
-- The values are the same: they are split here, and nothing needs to be folded again.
--
-- Processes of the release before go on. They write whole rows into the views, whose triggers split them; what they read is
-- what processes of this release have written. The next release drops the triggers.
--
-- Takes some minutes per million cases. Meanwhile facts wait: whoever takes facts or ends a rebuild locks the checkpoint
-- first. Readers go on until the last statements.
select from checkpoint for update;

create table case_core (
  audience text not null check (audience in ('authority', 'company')),
  case_id uuid not null,
  case_type text not null check (case_type in ('agreement', 'order', 'other')),
  opened_at timestamptz not null,
  updated_at timestamptz not null,
  visible_version int not null,
  status text not null,
  kind text,
  cvr text,
  p_number text,
  topic text,
  problem_group text,
  inspector text,
  centre text,
  inspection_id text,
  agreement_id uuid,
  ended_at timestamptz,
  next_step text,
  next_by text check (next_by in ('company', 'inspector', 'authority', 'order-system')),
  next_due timestamptz,
  changed_units jsonb not null default '{}',
  open_conflicts int not null default 0,
  inspector_changes int not null default 0,
  corrections int not null default 0,
  carried_over_to uuid,
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_deadlines (
  case_id uuid not null,
  audience text not null,
  period_months int,
  deadlines jsonb not null default '{}',
  extension_requested_at timestamptz,
  extensions int not null default 0,
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_offer (
  case_id uuid not null,
  audience text not null,
  delivered_at timestamptz,
  delivery_failures int not null default 0,
  undelivered bool not null default false,
  resent int not null default 0,
  read_at timestamptz,
  halfway_at timestamptz,
  understanding_asked_at timestamptz,
  offer_understood bool,
  contacts jsonb not null default '{}',
  accepted_at timestamptz,
  accept_reason text,
  declined_at timestamptz,
  decline_reason text,
  lapsed_at timestamptz,
  withdrawn_at timestamptz,
  withdrawal_rule text,
  acceptance_conflict bool not null default false,
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_guidance (
  case_id uuid not null,
  audience text not null,
  guidance_stands text,
  guidance_in_time bool,
  guidance_fell_due_at timestamptz,
  guidance_overdue_at timestamptz,
  guidance_offered_at timestamptz,
  guidance_accepted_at timestamptz,
  guidance_declined_at timestamptz,
  guidance_decline_reason text,
  guidance_held_at timestamptz,
  guidance_meetings int not null default 0,
  guidance_minutes int not null default 0,
  guidance_involvement jsonb,
  guidance_usefulness int,
  informal_contacts int not null default 0,
  meetings jsonb not null default '{}',
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_control (
  case_id uuid not null,
  audience text not null,
  documentation_at timestamptz,
  documentation_parts int not null default 0,
  documentation_complete_at timestamptz,
  bookings jsonb not null default '{}',
  control_id uuid,
  control_day date,
  control_booked_at timestamptz,
  control_announced bool,
  control_late_reason text,
  controls_undecided int not null default 0,
  control_held_at timestamptz,
  control_form text,
  controls jsonb not null default '{}',
  control_outcome text,
  within_60_days bool,
  control_involvement jsonb,
  spread_further bool,
  included_places int not null default 1,
  places_controlled int not null default 0,
  other_findings int not null default 0,
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_after (
  case_id uuid not null,
  audience text not null,
  fulfilled_at timestamptz,
  breached_at timestamptz,
  terminated_at timestamptz,
  terminated_by text,
  termination_reason text,
  hearing_opened_at timestamptz,
  hearing_ended_at timestamptz,
  order_requested_at timestamptz,
  orders jsonb not null default '{}',
  orders_requested int not null default 0,
  orders_issued int not null default 0,
  order_reminded_at timestamptz,
  order_overdue_at timestamptz,
  new_inspection_day date,
  investigation_outcome text,
  investigation_concluded_at timestamptz,
  followed_by uuid,
  followed_at timestamptz,
  follow_up_on date,
  follow_up_fell_due_at timestamptz,
  follow_up_held_at timestamptz,
  follow_up_minutes int,
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_order (
  case_id uuid not null,
  audience text not null,
  order_deadline date,
  appealed_at timestamptz,
  suspended bool not null default false,
  unknown_codes jsonb not null default '{}',
  primary key (case_id, audience)
) with (fillfactor = 70);

create table case_time_spent (
  case_id uuid not null,
  audience text not null,
  minutes_investigation int not null default 0,
  minutes_offer int not null default 0,
  minutes_guidance int not null default 0,
  minutes_documentation int not null default 0,
  minutes_control int not null default 0,
  minutes_system int not null default 0,
  primary key (case_id, audience)
) with (fillfactor = 70);

insert into case_core (
  audience, case_id, case_type, opened_at, updated_at, visible_version, status, kind, cvr, p_number, topic,
  problem_group, inspector, centre, inspection_id, agreement_id, ended_at, next_step, next_by, next_due,
  changed_units, open_conflicts, inspector_changes, corrections, carried_over_to)
select
  audience, case_id, case_type, opened_at, updated_at, visible_version, status, kind, cvr, p_number, topic,
  problem_group, inspector, centre, inspection_id, agreement_id, ended_at, next_step, next_by, next_due,
  changed_units, open_conflicts, inspector_changes, corrections, carried_over_to
from cases;

insert into case_deadlines (
  case_id, audience, period_months, deadlines, extension_requested_at, extensions)
select
  case_id, audience, period_months, deadlines, extension_requested_at, extensions
from cases
where period_months is not null or deadlines <> '{}' or extension_requested_at is not null or extensions <> 0;

insert into case_offer (
  case_id, audience, delivered_at, delivery_failures, undelivered, resent, read_at, halfway_at,
  understanding_asked_at, offer_understood, contacts, accepted_at, accept_reason, declined_at, decline_reason,
  lapsed_at, withdrawn_at, withdrawal_rule, acceptance_conflict)
select
  case_id, audience, delivered_at, delivery_failures, undelivered, resent, read_at, halfway_at,
  understanding_asked_at, offer_understood, contacts, accepted_at, accept_reason, declined_at, decline_reason,
  lapsed_at, withdrawn_at, withdrawal_rule, acceptance_conflict
from cases
where delivered_at is not null or delivery_failures <> 0 or undelivered or resent <> 0 or read_at is not null or
  halfway_at is not null or understanding_asked_at is not null or offer_understood is not null or contacts <>
  '{}' or accepted_at is not null or accept_reason is not null or declined_at is not null or decline_reason is
  not null or lapsed_at is not null or withdrawn_at is not null or withdrawal_rule is not null or
  acceptance_conflict;

insert into case_guidance (
  case_id, audience, guidance_stands, guidance_in_time, guidance_fell_due_at, guidance_overdue_at,
  guidance_offered_at, guidance_accepted_at, guidance_declined_at, guidance_decline_reason, guidance_held_at,
  guidance_meetings, guidance_minutes, guidance_involvement, guidance_usefulness, informal_contacts, meetings)
select
  case_id, audience, guidance_stands, guidance_in_time, guidance_fell_due_at, guidance_overdue_at,
  guidance_offered_at, guidance_accepted_at, guidance_declined_at, guidance_decline_reason, guidance_held_at,
  guidance_meetings, guidance_minutes, guidance_involvement, guidance_usefulness, informal_contacts, meetings
from cases
where guidance_stands is not null or guidance_in_time is not null or guidance_fell_due_at is not null or
  guidance_overdue_at is not null or guidance_offered_at is not null or guidance_accepted_at is not null or
  guidance_declined_at is not null or guidance_decline_reason is not null or guidance_held_at is not null or
  guidance_meetings <> 0 or guidance_minutes <> 0 or guidance_involvement is not null or guidance_usefulness is
  not null or informal_contacts <> 0 or meetings <> '{}';

insert into case_control (
  case_id, audience, documentation_at, documentation_parts, documentation_complete_at, bookings, control_id,
  control_day, control_booked_at, control_announced, control_late_reason, controls_undecided, control_held_at,
  control_form, controls, control_outcome, within_60_days, control_involvement, spread_further, included_places,
  places_controlled, other_findings)
select
  case_id, audience, documentation_at, documentation_parts, documentation_complete_at, bookings, control_id,
  control_day, control_booked_at, control_announced, control_late_reason, controls_undecided, control_held_at,
  control_form, controls, control_outcome, within_60_days, control_involvement, spread_further, included_places,
  places_controlled, other_findings
from cases
where documentation_at is not null or documentation_parts <> 0 or documentation_complete_at is not null or bookings <>
  '{}' or control_id is not null or control_day is not null or control_booked_at is not null or
  control_announced is not null or control_late_reason is not null or controls_undecided <> 0 or control_held_at
  is not null or control_form is not null or controls <> '{}' or control_outcome is not null or within_60_days
  is not null or control_involvement is not null or spread_further is not null or included_places <> 1 or
  places_controlled <> 0 or other_findings <> 0;

insert into case_after (
  case_id, audience, fulfilled_at, breached_at, terminated_at, terminated_by, termination_reason,
  hearing_opened_at, hearing_ended_at, order_requested_at, orders, orders_requested, orders_issued,
  order_reminded_at, order_overdue_at, new_inspection_day, investigation_outcome, investigation_concluded_at,
  followed_by, followed_at, follow_up_on, follow_up_fell_due_at, follow_up_held_at, follow_up_minutes)
select
  case_id, audience, fulfilled_at, breached_at, terminated_at, terminated_by, termination_reason,
  hearing_opened_at, hearing_ended_at, order_requested_at, orders, orders_requested, orders_issued,
  order_reminded_at, order_overdue_at, new_inspection_day, investigation_outcome, investigation_concluded_at,
  followed_by, followed_at, follow_up_on, follow_up_fell_due_at, follow_up_held_at, follow_up_minutes
from cases
where fulfilled_at is not null or breached_at is not null or terminated_at is not null or terminated_by is not null or
  termination_reason is not null or hearing_opened_at is not null or hearing_ended_at is not null or
  order_requested_at is not null or orders <> '{}' or orders_requested <> 0 or orders_issued <> 0 or
  order_reminded_at is not null or order_overdue_at is not null or new_inspection_day is not null or
  investigation_outcome is not null or investigation_concluded_at is not null or followed_by is not null or
  followed_at is not null or follow_up_on is not null or follow_up_fell_due_at is not null or follow_up_held_at
  is not null or follow_up_minutes is not null;

insert into case_order (
  case_id, audience, order_deadline, appealed_at, suspended, unknown_codes)
select
  case_id, audience, order_deadline, appealed_at, suspended, unknown_codes
from cases
where order_deadline is not null or appealed_at is not null or suspended or unknown_codes <> '{}';

insert into case_time_spent (
  case_id, audience, minutes_investigation, minutes_offer, minutes_guidance, minutes_documentation,
  minutes_control, minutes_system)
select
  case_id, audience, minutes_investigation, minutes_offer, minutes_guidance, minutes_documentation,
  minutes_control, minutes_system
from cases
where minutes_investigation <> 0 or minutes_offer <> 0 or minutes_guidance <> 0 or minutes_documentation <> 0 or
  minutes_control <> 0 or minutes_system <> 0;

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

create table case_core_rebuilt (like case_core including defaults including constraints including indexes);
create table case_deadlines_rebuilt (like case_deadlines including defaults including constraints including indexes);
create table case_offer_rebuilt (like case_offer including defaults including constraints including indexes);
create table case_guidance_rebuilt (like case_guidance including defaults including constraints including indexes);
create table case_control_rebuilt (like case_control including defaults including constraints including indexes);
create table case_after_rebuilt (like case_after including defaults including constraints including indexes);
create table case_order_rebuilt (like case_order including defaults including constraints including indexes);
create table case_time_spent_rebuilt (like case_time_spent including defaults including constraints including indexes);

do $$
declare area text;
begin
  foreach area in array array['core', 'deadlines', 'offer', 'guidance', 'control', 'after', 'order', 'time_spent'] loop
    execute format('analyze %I', 'case_' || area);
  end loop;
end $$;

-- Who waits for a lock holds up whoever comes after: so this waits briefly, gives way and tries again, rather than lose what
-- it has copied. The views before the table, as those take them who ask.
do $$
begin
  for attempt in 1..1200 loop
    begin
      lock table v_cases, v_guidance, cases, cases_rebuilt in access exclusive mode;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(0.1);
    end;
  end loop;
  raise lock_not_available using message = 'others have read the cases without a pause for too long';
end $$;

-- The views of analysts follow the table to its other name, and are led to the view of its old one; they keep their columns
-- and comments.
alter table cases rename to cases_in_one_table;
drop table cases_rebuilt;

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
         coalesce(time_spent.minutes_system, 0) as minutes_system
  from case_core core
    left join case_deadlines deadlines on deadlines.case_id = core.case_id and deadlines.audience = core.audience
    left join case_offer offer on offer.case_id = core.case_id and offer.audience = core.audience
    left join case_guidance guidance on guidance.case_id = core.case_id and guidance.audience = core.audience
    left join case_control control on control.case_id = core.case_id and control.audience = core.audience
    left join case_after after on after.case_id = core.case_id and after.audience = core.audience
    left join case_order orders on orders.case_id = core.case_id and orders.audience = core.audience
    left join case_time_spent time_spent on time_spent.case_id = core.case_id and time_spent.audience = core.audience;

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
         coalesce(time_spent.minutes_system, 0) as minutes_system
  from case_core_rebuilt core
    left join case_deadlines_rebuilt deadlines on deadlines.case_id = core.case_id and deadlines.audience = core.audience
    left join case_offer_rebuilt offer on offer.case_id = core.case_id and offer.audience = core.audience
    left join case_guidance_rebuilt guidance on guidance.case_id = core.case_id and guidance.audience = core.audience
    left join case_control_rebuilt control on control.case_id = core.case_id and control.audience = core.audience
    left join case_after_rebuilt after on after.case_id = core.case_id and after.audience = core.audience
    left join case_order_rebuilt orders on orders.case_id = core.case_id and orders.audience = core.audience
    left join case_time_spent_rebuilt time_spent on time_spent.case_id = core.case_id and time_spent.audience = core.audience;

do $$
declare reader text;
begin
  foreach reader in array array['v_cases', 'v_guidance'] loop
    execute format('create or replace view %I as ', reader)
      || replace(pg_get_viewdef(reader::regclass), 'cases_in_one_table', 'cases');
  end loop;
end $$;
drop table cases_in_one_table;

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
  alter column minutes_system set default 0;
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
  alter column minutes_system set default 0;

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

-- At once, since processes of the release before write under the login of the service. All other rights follow after the
-- migrations.
do $$
declare
  login text := 'aftale_' || current_schema();
  area text;
begin
  execute format('grant select, insert, delete on cases, cases_rebuilt to %I', login);
  foreach area in array array['core', 'deadlines', 'offer', 'guidance', 'control', 'after', 'order', 'time_spent'] loop
    execute format('grant select, insert, update, delete on %I, %I to %I', 'case_' || area, 'case_' || area || '_rebuilt', login);
  end loop;
end $$;
