-- R40: the former owner's agreement names the one with which it goes on, so that figures count both as one. Rows of before
-- name none until the rebuild that follows an upgrade has folded all facts again.
do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table cases%s add column carried_over_to uuid', suffix);
  end loop;
end $$;

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
         c.minutes_system, c.unknown_codes, c.centre, c.carried_over_to
  from cases c
  left join lateral (
    select industry, sector, size_class from units
    where units.p_number = c.p_number and effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
    order by effective_from desc limit 1
  ) unit on true
  where c.audience = 'authority' and c.status <> 'unknown';
create or replace view v_involvement as
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

create or replace view v_guidance as
  select c.case_id, own.guidance_stands as stands, own.guidance_in_time as in_time,
         own.guidance_overdue_at as overdue_at, c.topic, c.problem_group, c.industry, c.sector, c.size_class,
         c.inspector, c.status
  from v_cases c join cases own on own.case_id = c.case_id and own.audience = 'authority'
  where c.case_type = 'agreement' and c.accepted_at is not null and c.carried_over_to is null;
comment on view v_guidance is
  'How guidance stands in each accepted agreement, and whether it was offered in time (R12). One that was carried over to
   the unit''s new owner stands here as the case with which it goes on (R40).';
