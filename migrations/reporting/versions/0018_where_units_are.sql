-- Expand. Columns at the end of both tables of units: processes of the release before write units without them.
alter table units add column postcode text, add column address text;
alter table units_rebuilt add column postcode text, add column address text;

-- Analysts see postcodes, which are codes, but no address, which is free text as a name is.
create or replace view v_facts as
  select f.position, f.source, f.stream, f.epoch, f.version, f.event_id, f.type, f.schema_version,
         f.data - 'name' - 'address' as data, f.occurred_at, f.recorded_at, f.received_at, f.actor, f.policy,
         understood.case_id, f.on_behalf_of
  from facts f left join facts_as_understood understood on understood.position = f.position;

create or replace view v_units as
  select p_number, cvr, industry, sector, size_class, effective_from,
         lead(effective_from) over (partition by p_number order by effective_from) as effective_until, postcode
  from units;
