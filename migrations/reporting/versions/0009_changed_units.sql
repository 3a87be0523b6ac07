-- R40: units change their legal entity while a case is open, and may cease: they belong to nobody from that day on.
-- Tables in the order in which those who read and write take them, so that no process of before is met crosswise.
do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table cases%s
      add column changed_units jsonb not null default ''{}''    -- R40: by unit: since when it is another''s, or ceased
    ', suffix);
  end loop;
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table units%s
      alter column cvr drop not null,
      alter column name drop not null,
      alter column industry drop not null,
      alter column sector drop not null,
      alter column size_class drop not null
    ', suffix);
  end loop;
end $$;
