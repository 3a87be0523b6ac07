-- R26, R42: the centre of the responsible inspector, as the fact says that made the inspector responsible. Facts of
-- before name none, so their cases have none, also after a rebuild.
do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table cases%s add column centre text', suffix);
    execute format('create index on cases%s (audience, centre, opened_at desc, case_id desc)', suffix);
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
         c.minutes_system, c.unknown_codes, c.centre
  from cases c
  left join lateral (
    select industry, sector, size_class from units
    where units.p_number = c.p_number and effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
    order by effective_from desc limit 1
  ) unit on true
  where c.audience = 'authority' and c.status <> 'unknown';
