-- Expand. R26: what a search of units compares and by what its answer sorts, at the end of both tables of units. Processes of
-- the release before write units without it.
do $$
declare suffix text;
begin
  foreach suffix in array array['', '_rebuilt'] loop
    execute format('alter table units%s add column searched text, add column grams text[] not null default ''{}'',
                    add column sort_key text collate "C"', suffix);
    execute format('create index on units%s using gin (grams) with (gin_pending_list_limit = 256)', suffix);
    execute format('create index on units%s (sort_key, p_number, effective_from)', suffix);
  end loop;
end $$;
