-- Expand. R26: the number of a case, at the end of its table and of the views that show it. Processes of the release before
-- write rows without it.
alter table case_core add column number text;
alter table case_core_rebuilt add column number text;
create index on case_core (audience, (lower(number) collate "C")) where number is not null;
create index on case_core_rebuilt (audience, (lower(number) collate "C")) where number is not null;

create or replace view cases as
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

create or replace view cases_rebuilt as
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
         c.minutes_system, c.unknown_codes, c.centre, c.carried_over_to, c.origin, c.live_from,
         c.number
  from cases c
  left join lateral (
    select industry, sector, size_class from units
    where units.p_number = c.p_number and effective_from <= (c.opened_at at time zone 'Europe/Copenhagen')::date
    order by effective_from desc limit 1
  ) unit on true
  where c.audience = 'authority' and c.status <> 'unknown';
