-- What the login of a service may do in its schema (search_path points to it): read and write rows, and no more. It owns
-- nothing, so that it can change no table, no function and no right. Run after every migration, so that new tables are
-- covered. What must never change is only read and added to; append_only.sql says more of it. A view is only read, but for
-- one whose triggers take rows in.
do $$
declare
  login text := 'aftale_' || current_schema();
  history text[] := '{events,raised_epochs,facts,discarded,replaced,recovered_commands,unrecoverable_facts}';
  relation record;
begin
  execute format('revoke create on schema %I from %I', current_schema(), login);
  execute format('grant usage on schema %I to %I', current_schema(), login);
  for relation in
    select relname as name, relkind = 'v' and not relhastriggers or starts_with(relname, 'migrated_') as only_read,
      relname = any(history) as kept, relkind = 'v' as is_view
    from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
  loop
    execute format(
      case when relation.only_read then 'grant select on %I to %I'
           when relation.kept then 'grant select, insert on %I to %I'
           when relation.is_view then 'grant select, insert, delete on %I to %I'
           else 'grant select, insert, update, delete on %I to %I' end,
      relation.name, login);
  end loop;
end $$;
