-- What analysts read: the views and nothing else, in this schema and no other, with what each column means. Instants are
-- with time zone. Run after every migration, so that a new column of a view is explained, too.
do $$ begin execute format('grant usage on schema %I to aftale_analyst', current_schema()); end $$;

grant select on v_facts, v_units, v_cases, v_case_history, v_measures, v_measure_catalogue, v_tasks, v_quarantines,
  v_places, v_time, v_involvement, v_guidance, v_conflicts
  to aftale_analyst;

comment on column v_facts.position is 'Number of the fact in the order taken, dense.';
comment on column v_facts.source is 'The service or system that published the fact.';
comment on column v_facts.stream is 'The stream of the source: a case or another subject.';
comment on column v_facts.epoch is 'The history of the source in which it was recorded; raised where one was restored.';
comment on column v_facts.version is 'Number of the fact in its stream.';
comment on column v_facts.event_id is 'Identifies the fact for ever.';
comment on column v_facts.type is 'What happened, as the contract of the source names it.';
comment on column v_facts.schema_version is 'Version of the contract of the type.';
comment on column v_facts.data is 'Ids, codes, dates and numbers of the fact, as its contract says.';
comment on column v_facts.occurred_at is 'When it happened, in domain time.';
comment on column v_facts.recorded_at is 'When it was recorded: when we knew it.';
comment on column v_facts.received_at is 'When reporting received it.';
comment on column v_facts.actor is 'Pseudonymous id of who acted.';
comment on column v_facts.policy is 'The policy file that was in force.';
comment on column v_facts.case_id is
  'The case that the fact is about; null where it is about none, or its type is not known yet.';
comment on column v_facts.on_behalf_of is 'For whom somebody acted: a CVR number, or a colleague (R30).';
comment on column v_facts.origin is 'Where the fact comes from: live, imported or replayed.';

comment on column v_units.p_number is 'The production unit, by its P-number.';
comment on column v_units.cvr is 'The legal entity that the unit belongs to, by its CVR number.';
comment on column v_units.industry is 'Code of the industry.';
comment on column v_units.sector is 'Code of the sector.';
comment on column v_units.size_class is 'Code of the size class.';
comment on column v_units.effective_from is 'The day from which the row holds.';
comment on column v_units.effective_until is
  'The day on which the next row of the unit begins, exclusive; null where none does.';
comment on column v_units.postcode is 'The postcode of the unit; null where the register does not say it.';

comment on column v_cases.case_id is 'The agreement, order or other case.';
comment on column v_cases.case_type is 'agreement, order or other.';
comment on column v_cases.number is
  'By which people name the case: year and running number of an agreement; else its own system''s number.';
comment on column v_cases.kind is
  'Agreement: suspicion, spread; order: immediate, with_deadline; other case: inspection, investigation ...';
comment on column v_cases.status is 'Where the case stands, as the one view shows it.';
comment on column v_cases.cvr is 'The legal entity, by its CVR number; null until a fact names it.';
comment on column v_cases.p_number is 'The production unit, by its P-number.';
comment on column v_cases.topic is 'Code of the topic.';
comment on column v_cases.problem_group is 'Code of the problem group of the topic.';
comment on column v_cases.inspector is 'Pseudonymous id of the responsible inspector.';
comment on column v_cases.centre is
  'Centre of the responsible inspector (R42): north, east, south or other; null where no fact says it.';
comment on column v_cases.origin is
  'Where the case comes from: live, imported or replayed; one that is not live is history.';
comment on column v_cases.live_from is
  'From when on a case that was history goes on here; null until it is taken over (R28).';
comment on column v_cases.carried_over_to is
  'The agreement of the unit''s new owner with which this one goes on (R40); whoever counts agreements leaves this row out.';
comment on column v_cases.agreement_id is 'The agreement that this follows from.';
comment on column v_cases.followed_by is 'The order or other case that came of the agreement (R7, R22).';
comment on column v_cases.industry is 'Code of the industry of the unit, as it was when the case was opened.';
comment on column v_cases.sector is 'Code of the sector, as the industry.';
comment on column v_cases.size_class is 'Code of the size class, as the industry.';
comment on column v_cases.opened_at is 'When it was offered, issued or opened.';
comment on column v_cases.ended_at is 'When the case ended; null while it is open.';
comment on column v_cases.next_step is 'What must happen next.';
comment on column v_cases.next_by is 'Who must do it: company, inspector, authority or order-system.';
comment on column v_cases.next_due is 'Until when, an exclusive end.';
comment on column v_cases.period_months is 'The compliance period that was offered, in months.';
comment on column v_cases.delivered_at is 'When the offer was delivered (R4).';
comment on column v_cases.delivery_failures is 'How often delivery failed.';
comment on column v_cases.read_at is 'When somebody at the company opened the offer (R5).';
comment on column v_cases.accepted_at is 'When the offer was accepted.';
comment on column v_cases.accept_reason is 'Coded reason of the acceptance (R36).';
comment on column v_cases.declined_at is 'When the offer was declined.';
comment on column v_cases.decline_reason is 'Coded reason of the no (R36).';
comment on column v_cases.lapsed_at is 'When the offer lapsed unanswered (R6).';
comment on column v_cases.withdrawn_at is 'When the offer was withdrawn.';
comment on column v_cases.withdrawal_rule is 'The rule by which it was withdrawn.';
comment on column v_cases.acceptance_conflict is 'Whether it was accepted before a breach elsewhere became known (R8).';
comment on column v_cases.guidance_offered_at is 'When guidance was offered (R12).';
comment on column v_cases.guidance_declined_at is 'When guidance was declined.';
comment on column v_cases.guidance_decline_reason is 'Coded reason why.';
comment on column v_cases.guidance_held_at is 'When the first guidance meeting was held.';
comment on column v_cases.guidance_overdue_at is 'When guidance was overdue, as it had not been offered in time (R12).';
comment on column v_cases.guidance_meetings is 'How many guidance meetings were held.';
comment on column v_cases.guidance_minutes is 'Minutes of guidance meetings.';
comment on column v_cases.guidance_safety_representative is
  'How far the safety representative was involved, as last asked at guidance (R33).';
comment on column v_cases.guidance_safety_organisation is 'The same of the safety organisation.';
comment on column v_cases.guidance_employees is 'The same of the employees.';
comment on column v_cases.documentation_at is 'When the first part of the documentation came.';
comment on column v_cases.documentation_complete_at is 'When the documentation was complete (R16, R17).';
comment on column v_cases.documentation_parts is 'How many parts of documentation came.';
comment on column v_cases.control_booked_at is 'When the control was booked.';
comment on column v_cases.control_day is 'The day for which control is booked.';
comment on column v_cases.control_announced is 'Whether the company was told of the day (R18).';
comment on column v_cases.control_late_reason is 'Coded reason for a day after the 60 days (R17).';
comment on column v_cases.controls_undecided is 'How many controls were turned into guidance (R21).';
comment on column v_cases.control_held_at is 'When the control that decided was held.';
comment on column v_cases.control_form is 'On site, by telephone and so on, coded.';
comment on column v_cases.control_outcome is 'What the control decided.';
comment on column v_cases.within_60_days is 'Whether control was held within 60 days (R17); null until then.';
comment on column v_cases.control_safety_representative is
  'How far the safety representative was involved, as asked at the control (R33).';
comment on column v_cases.control_safety_organisation is 'The same of the safety organisation.';
comment on column v_cases.control_employees is 'The same of the employees.';
comment on column v_cases.spread_further is 'Whether measures were spread further, as last answered (R39).';
comment on column v_cases.fulfilled_at is 'When the agreement was found to be kept.';
comment on column v_cases.breached_at is 'When it was found to be breached.';
comment on column v_cases.hearing_opened_at is 'When the company was asked for its comments (R22).';
comment on column v_cases.hearing_ended_at is 'When that hearing ended.';
comment on column v_cases.order_requested_at is 'When an order was asked for.';
comment on column v_cases.followed_at is 'When the order or other case that followed was opened.';
comment on column v_cases.follow_up_on is 'The day for which follow-up is planned (R24).';
comment on column v_cases.follow_up_held_at is 'When follow-up was held.';
comment on column v_cases.follow_up_minutes is 'Minutes of follow-up.';
comment on column v_cases.order_deadline is 'The deadline of an order.';
comment on column v_cases.appealed_at is 'When an order was appealed.';
comment on column v_cases.suspended is 'Whether an order is suspended by an appeal in time (R25).';
comment on column v_cases.controlled is 'Whether the case was controlled.';
comment on column v_cases.guidance_taken is 'Whether a guidance meeting was held.';
comment on column v_cases.undelivered is 'Whether the offer could not be delivered.';
comment on column v_cases.resent is 'How often the offer was sent again.';
comment on column v_cases.understanding_asked_at is 'When the company was asked whether it understood the offer (R5).';
comment on column v_cases.offer_understood is 'What it answered.';
comment on column v_cases.terminated_at is 'When the agreement was terminated (R14).';
comment on column v_cases.terminated_by is 'By whom: the company or the authority.';
comment on column v_cases.termination_reason is 'Coded reason of the termination.';
comment on column v_cases.inspector_changes is 'How often the responsible inspector changed.';
comment on column v_cases.extension_requested_at is
  'When a longer deadline was asked for; null unless an answer is awaited (R13).';
comment on column v_cases.extensions is 'How often the deadline was extended.';
comment on column v_cases.guidance_usefulness is 'How useful the company found guidance, as it said last (R12).';
comment on column v_cases.informal_contacts is 'How many informal contacts there were.';
comment on column v_cases.included_places is 'How many places the agreement includes (R10).';
comment on column v_cases.places_controlled is 'How many of them were controlled (R19).';
comment on column v_cases.other_findings is 'How many other findings there were at control (R20).';
comment on column v_cases.corrections is 'How often something recorded was corrected (R30).';
comment on column v_cases.orders_requested is 'How many orders were asked for (R7, R22).';
comment on column v_cases.orders_issued is 'How many of them were issued.';
comment on column v_cases.order_reminded_at is 'When the order system was reminded.';
comment on column v_cases.order_overdue_at is 'When an order was overdue.';
comment on column v_cases.new_inspection_day is 'The day of the inspection after a no (R7).';
comment on column v_cases.investigation_outcome is 'What an investigation led to.';
comment on column v_cases.investigation_concluded_at is 'When the investigation was concluded.';
comment on column v_cases.minutes_investigation is 'Minutes of inspectors on investigation (R37).';
comment on column v_cases.minutes_offer is 'Minutes on the offer.';
comment on column v_cases.minutes_guidance is 'Minutes on guidance.';
comment on column v_cases.minutes_documentation is 'Minutes on documentation.';
comment on column v_cases.minutes_control is 'Minutes on control.';
comment on column v_cases.minutes_system is 'Minutes in the system.';
comment on column v_cases.unknown_codes is 'Codes of the case that the reference data does not know, by field.';

comment on column v_case_history.case_id is 'The agreement, order or other case.';
comment on column v_case_history.status is 'The status that the case reached.';
comment on column v_case_history.effective_at is 'When the status held.';
comment on column v_case_history.recorded_at is 'When the status was known.';
comment on column v_case_history.position is 'The fact that brought it.';

comment on column v_measures.case_id is 'The agreement, order or other case.';
comment on column v_measures.measure_id is 'The measure.';
comment on column v_measures.kind is 'Code of the kind of measure; null where control saw one that was never reported.';
comment on column v_measures.ladder_level is 'Its level on the ladder of measures (R35).';
comment on column v_measures.psychosocial_level is 'Its level on the psychosocial ladder (R35).';
comment on column v_measures.reported_part is 'The part of the documentation that reported it.';
comment on column v_measures.reported_at is 'When it was reported; null where control saw it first.';
comment on column v_measures.verified is 'Whether control saw it.';
comment on column v_measures.control_use is 'Whether it was in use at control.';
comment on column v_measures.control_non_use_reason is 'Coded reason where it was not.';
comment on column v_measures.follow_up_use is 'Whether it was in use at follow-up.';
comment on column v_measures.follow_up_non_use_reason is 'Coded reason where it was not.';
comment on column v_measures.topic is 'Code of the topic.';
comment on column v_measures.problem_group is 'Code of the problem group of the topic.';
comment on column v_measures.status is 'Where the case stands, as the one view shows it.';
comment on column v_measures.industry is 'Code of the industry of the unit, as it was when the case was opened.';
comment on column v_measures.sector is 'Code of the sector, as the industry.';
comment on column v_measures.size_class is 'Code of the size class, as the industry.';
comment on column v_measures.beyond_agreement is 'Whether it goes beyond what was agreed (R39).';
comment on column v_measures.carried_on is 'Whether the company carries it on (R39).';

comment on column v_measure_catalogue.topic is 'Code of the topic.';
comment on column v_measure_catalogue.problem_group is 'Code of the problem group of the topic.';
comment on column v_measure_catalogue.industry is 'Code of the industry of the units.';
comment on column v_measure_catalogue.kind is 'Code of the kind of measure.';
comment on column v_measure_catalogue.ladder_level is 'Its level on the ladder of measures (R35).';
comment on column v_measure_catalogue.psychosocial_level is 'Its level on the psychosocial ladder (R35).';
comment on column v_measure_catalogue.companies is 'How many legal entities took such a measure.';
comment on column v_measure_catalogue.measures is 'How many such measures there are.';
comment on column v_measure_catalogue.in_use is 'How many are in use.';
comment on column v_measure_catalogue.limited is 'How many are in limited use.';
comment on column v_measure_catalogue.not_in_use is 'How many are not in use.';

comment on column v_tasks.case_id is 'The agreement, order or other case.';
comment on column v_tasks.kind is 'What is to be done.';
comment on column v_tasks.number is '1 for the first task of its kind on the case.';
comment on column v_tasks.inspector is 'Pseudonymous id of who has to do it.';
comment on column v_tasks.due is 'Until when, an exclusive end.';
comment on column v_tasks.since is 'When it became a task.';
comment on column v_tasks.closed_at is 'When it was done or fell away; null while it is open.';

comment on column v_quarantines.agreement_id is 'The agreement whose breach led to it.';
comment on column v_quarantines.p_number is
  'The unit in quarantine; null where every unit of the legal entity is in one.';
comment on column v_quarantines.cvr is 'The legal entity, by its CVR number.';
comment on column v_quarantines.imposed_at is 'When the quarantine was imposed (R22).';
comment on column v_quarantines.ends_at is 'When it ends.';
comment on column v_quarantines.ended_at is 'When it ended or was revoked; null while it lasts.';
comment on column v_quarantines.policy is 'The policy by which it was imposed.';

comment on column v_places.case_id is 'The agreement, order or other case.';
comment on column v_places.place_id is 'The place.';
comment on column v_places.p_number is 'The unit of the place.';
comment on column v_places.is_department is 'Whether the place is a department of a unit.';
comment on column v_places.sampled is 'Whether it was drawn for control (R19); no company is told.';
comment on column v_places.documentation_parts is 'How many parts of documentation came for it.';
comment on column v_places.measures is 'How many measures were reported for it.';
comment on column v_places.control_day is 'The day for which control is booked.';
comment on column v_places.control_announced is 'Whether the company was told of the day (R18).';
comment on column v_places.control_held_at is 'When the control that decided was held.';
comment on column v_places.outcome is 'What control found there.';
comment on column v_places.breached is 'Whether the agreement was breached there.';
comment on column v_places.kind is
  'Agreement: suspicion, spread; order: immediate, with_deadline; other case: inspection, investigation ...';
comment on column v_places.topic is 'Code of the topic.';
comment on column v_places.status is 'Where the case stands, as the one view shows it.';

comment on column v_time.case_id is 'The agreement, order or other case.';
comment on column v_time.case_type is 'agreement, order or other.';
comment on column v_time.kind is
  'Agreement: suspicion, spread; order: immediate, with_deadline; other case: inspection, investigation ...';
comment on column v_time.topic is 'Code of the topic.';
comment on column v_time.problem_group is 'Code of the problem group of the topic.';
comment on column v_time.inspector is 'Pseudonymous id of the responsible inspector.';
comment on column v_time.phase is 'In what the time was spent (R37).';
comment on column v_time.minutes is 'Minutes spent.';

comment on column v_involvement.case_id is 'The agreement, order or other case.';
comment on column v_involvement.at is 'Asked at guidance or at control.';
comment on column v_involvement.side is 'Who was asked about: safety_representative, safety_organisation or employees.';
comment on column v_involvement.involvement is 'How far that side was involved, coded (R33).';
comment on column v_involvement.topic is 'Code of the topic.';
comment on column v_involvement.problem_group is 'Code of the problem group of the topic.';
comment on column v_involvement.industry is 'Code of the industry of the unit, as it was when the case was opened.';
comment on column v_involvement.sector is 'Code of the sector, as the industry.';
comment on column v_involvement.size_class is 'Code of the size class, as the industry.';
comment on column v_involvement.status is 'Where the case stands, as the one view shows it.';

comment on column v_guidance.case_id is 'The agreement, order or other case.';
comment on column v_guidance.stands is
  'Where guidance stands: not_offered, offered, accepted, declined, held or closed.';
comment on column v_guidance.in_time is 'Whether it was offered, the first time, before its day was over (R12).';
comment on column v_guidance.overdue_at is 'When it was overdue.';
comment on column v_guidance.topic is 'Code of the topic.';
comment on column v_guidance.problem_group is 'Code of the problem group of the topic.';
comment on column v_guidance.industry is 'Code of the industry of the unit, as it was when the case was opened.';
comment on column v_guidance.sector is 'Code of the sector, as the industry.';
comment on column v_guidance.size_class is 'Code of the size class, as the industry.';
comment on column v_guidance.inspector is 'Pseudonymous id of the responsible inspector.';
comment on column v_guidance.status is 'Where the case stands, as the one view shows it.';

comment on column v_conflicts.case_id is 'The agreement on which the conflict was recorded.';
comment on column v_conflicts.other_case_id is 'The order, the other agreement, or the agreement that was breached.';
comment on column v_conflicts.kind is 'order, agreement or quarantine.';
comment on column v_conflicts.since is 'When the conflict was flagged.';
comment on column v_conflicts.ended_at is 'When it ended; null while it lasts.';
