-- R30: which case a fact is about, and whether its company may see it, follows from the classes of a release. That moves
-- out of `facts`, which are only added, into a table beside them.
--
-- Processes of the release before go on: they write the two old columns, and a trigger copies these into the new table. What
-- they read of facts that a process of this release takes meanwhile has no case: such a process leaves those facts out of
-- a case's history. The next release drops columns, index and trigger.
--
-- Whoever takes facts or ends a rebuild locks the checkpoint first: then nobody waits for this who is waited for.
select from checkpoint for update;

create table facts_as_understood (
  position bigint primary key,
  case_id uuid,
  seen_by_company bool not null
);

create function understand_as_the_release_before() returns trigger language plpgsql
set search_path from current as $$
begin
  insert into facts_as_understood (position, case_id, seen_by_company)
  values (new.position, new.case_id, new.seen_by_company);
  return null;
end $$;
-- Those who write facts wait from here on, those who read go on until the last statements.
create trigger marked_by_the_release_before after insert on facts
  for each row when (new.seen_by_company is not null) execute function understand_as_the_release_before();
-- At once, since that trigger writes under the login of the service. All other rights follow after the migrations.
do $$ begin
  execute format('grant select, insert on facts_as_understood to %I', 'aftale_' || current_schema());
end $$;

insert into facts_as_understood (position, case_id, seen_by_company)
select position, case_id, seen_by_company from facts;

create index on facts_as_understood (case_id, position) include (seen_by_company) where case_id is not null;
analyze facts_as_understood;

-- The view before the table, as those take them who ask.
create or replace view v_facts as
  select f.position, f.source, f.stream, f.epoch, f.version, f.event_id, f.type, f.schema_version,
         f.data - 'name' as data, f.occurred_at, f.recorded_at, f.received_at, f.actor, f.policy, understood.case_id,
         f.on_behalf_of
  from facts f left join facts_as_understood understood on understood.position = f.position;

alter table facts alter column seen_by_company drop not null;
drop index facts_of_no_case;
create index facts_of_no_case on facts_as_understood (position) where case_id is null;
