-- R30: what happened stays as it was recorded. The login of a service may add to these tables, and never change or empty
-- them; a trigger says so to everybody else, too. Run once no process of a release before is connected, which may still
-- have changed some of them.
do $$
declare
  login text := 'aftale_' || current_schema();
  history text[] := '{events,raised_epochs,facts,discarded,replaced,recovered_commands,unrecoverable_facts}';
  kept record;
begin
  for kept in
    select relname as name, relispartition as in_part from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
      and (relname = any(history) or oid in (select inhrelid from pg_inherits where inhparent = to_regclass('events')))
  loop
    -- The trigger first: it locks the table before anything changes the table's row in pg_class. The other way round,
    -- an autovacuum of the table that waits for that row would be waited for.
    execute format('create or replace trigger kept_as_recorded before update or delete or truncate on %I
                    for each statement execute function refuse_to_change_history()', kept.name);
    -- Services reach the partitions through events only.
    execute format(
      case when kept.in_part then 'revoke all on %I from %I' else 'revoke update, delete, truncate on %I from %I' end,
      kept.name, login);
  end loop;
end $$;
