-- Where the log stands, and room for what comes.

-- Of the newest event; 0 before the first.
create or replace function newest_position() returns bigint language sql stable set search_path from current as
$$ select coalesce((select position from events order by position desc limit 1), 0) $$;

create or replace function ensure_partitions(size bigint default 10000000) returns void
language plpgsql security definer as $$
-- Keeps a partition ready for the next events: created apart and attached, so that appends are not locked out. Runs as
-- the owner of the tables, for services that own nothing.
declare
  first bigint := newest_position() / size;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.ensure_partitions'));
  for number in first .. first + 1 loop
    if to_regclass(format('%I.events_%s', current_schema(), number)) is null then
      execute format('create table events_%s (like events including defaults including constraints)', number);
      execute format('alter table events_%s add primary key (position)', number);
      execute format('create unique index on events_%s (stream, version)', number);
      execute format('create trigger kept_as_recorded before update or delete or truncate on events_%s
                      for each statement execute function refuse_to_change_history()', number);
      execute format('alter table events attach partition events_%s for values from (%s) to (%s)',
                     number, number * size, (number + 1) * size);
    end if;
  end loop;
end $$;

-- pg_temp is named last, as PostgreSQL else looks there first, where anybody may put tables. Only the service may call it.
do $$ begin
  execute format('alter function ensure_partitions(bigint) set search_path = %I, pg_temp', current_schema());
  execute format('grant execute on function ensure_partitions(bigint) to %I', 'aftale_' || current_schema());
end $$;
revoke execute on function ensure_partitions(bigint) from public;
