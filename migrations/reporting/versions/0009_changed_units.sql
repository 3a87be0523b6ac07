-- R40: a unit that has ceased belongs to nobody from that day on.
do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table units%s
      alter column cvr drop not null,
      alter column name drop not null,
      alter column industry drop not null,
      alter column sector drop not null,
      alter column size_class drop not null
    ', suffix);
    execute format('alter table cases%s
      add column changed_units jsonb not null default ''{}''    -- R40: by unit: since when it is another''s, or ceased
    ', suffix);
  end loop;
end $$;
