-- What stands now where dates alone do not say it: guidance that is offered again, orders of which some are issued.
-- Rows of before have none until the next rebuild folds all facts again.
do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table cases%s
      add column guidance_stands text,                          -- R12, R30: not_offered, offered, accepted, declined, held, closed
      add column orders jsonb not null default ''{}''           -- R22: by request: unit, overdue, issued
    ', suffix);
  end loop;
end $$;
