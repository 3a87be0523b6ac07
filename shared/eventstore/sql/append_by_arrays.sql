-- Called by processes of release 2026-11 only; the next release drops it (decision 0032). What it does is what append() in
-- append.sql does, which has the reasons.
--
-- Append commands as one group. Commands, writes, events, timers, reservations and keys come as parallel arrays; the
-- `*_command` arrays say to which command (counted from 1) a row belongs. Returns each command's fault (null: it won)
-- and the position of the last event of the group. The caller puts at most one command per written stream, key, inbox
-- stream and reservation into a group, and null for arrays that would be empty or hold nothing but nulls.
create or replace function append(
  keys uuid[], fingerprints text[], answers text[],
  inbox_sources text[], inbox_streams uuid[], inbox_from_epochs int[], inbox_from_versions int[],
  inbox_epochs int[], inbox_versions int[], inbox_event_ids uuid[],
  write_commands int[], write_streams uuid[], write_expected int[], write_adds int[],
  event_commands int[], event_streams uuid[], event_versions int[], event_ids uuid[], event_types text[],
  event_schema_versions smallint[], event_data text[], event_private text[], event_metadata text[],
  event_occurred_at timestamptz[],
  timer_commands int[], timer_streams uuid[], timer_names text[], timer_due timestamptz[],
  reserve_commands int[], reserve_names text[], reserve_streams uuid[],
  release_commands int[], release_names text[], release_streams uuid[],
  key_commands int[], key_streams uuid[], key_about text[], key_values bytea[],
  out faults text[], out last_position bigint)
language plpgsql
-- The arrays are small and every table is reached by its key, whatever the statistics said when a session first planned.
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  base bigint;
  current_epoch int;
  won bool[];
  added int := 0;
  -- Under a virtual clock, in demos and tests, the caller sets what time it is; else this is null, and the database's counts.
  virtual_now timestamptz := nullif(current_setting('aftale.virtual_now', true), '')::timestamptz;
begin
  -- The ordering lock, held to the commit. Each statement in a volatile function takes a fresh snapshot, so the next ones
  -- see all that was committed before the lock was had.
  select epoch into current_epoch from log for update;
  select coalesce((select position from events order by position desc limit 1), 0) into base;
  -- Never below that of the position before, whatever clock that was recorded under.
  if virtual_now is not null then
    virtual_now := greatest(virtual_now, (select recorded_at from events where position = base));
  end if;

  -- The winners.
  with stale as (
    select distinct w.command
    from unnest(write_commands, write_streams, write_expected) as w(command, stream, expected)
    left join streams s on s.id = w.stream
    where coalesce(s.version, 0) <> w.expected
  ), taken as (
    select distinct r.command
    from unnest(reserve_commands, reserve_names, reserve_streams) as r(command, name, stream)
    join reservations held on held.name = r.name and held.stream <> r.stream
  ), command as (
    select c.ordinal, case
        when c.key is not null and exists (select from handled h where h.key = c.key) then 'repeated'
        when c.source is not null and (coalesce(i.epoch, 0), coalesce(i.version, 0)) <> (c.from_epoch, c.from_version)
          then 'moved'
        when c.ordinal in (select command from stale) then 'stale'
        when c.ordinal in (select command from taken) then 'reserved'
      end as fault
    from unnest(keys, inbox_sources, inbox_streams, inbox_from_epochs, inbox_from_versions)
         with ordinality as c(key, source, stream, from_epoch, from_version, ordinal)
    left join inbox i on i.source = c.source and i.stream = c.stream
  )
  select array_agg(fault order by ordinal), array_agg(fault is null order by ordinal) into faults, won from command;

  -- Events and side rows of the winners only. What a group has none of is not touched.
  if event_commands is not null then
    insert into events (position, stream, version, epoch, event_id, type, schema_version, data, private, metadata,
                        occurred_at, recorded_at)
    select base + row_number() over (order by e.ordinal), e.stream, e.version, current_epoch, e.event_id, e.type,
           e.schema_version, e.data::jsonb, e.private::jsonb, e.metadata::jsonb, e.occurred_at,
           coalesce(virtual_now, clock_timestamp())
    from unnest(event_commands, event_streams, event_versions, event_ids, event_types, event_schema_versions,
                event_data, event_private, event_metadata, event_occurred_at) with ordinality
         as e(command, stream, version, event_id, type, schema_version, data, private, metadata, occurred_at, ordinal)
    where won[e.command];
    get diagnostics added = row_count;
  end if;

  insert into streams (id, version, first_position)
  select w.stream, w.expected + w.adds, base + 1
  from unnest(write_commands, write_streams, write_expected, write_adds) as w(command, stream, expected, adds)
  where won[w.command] and w.adds > 0
  on conflict (id) do update set version = excluded.version;

  if fingerprints is not null then
    insert into handled (key, fingerprint, answer, position)
    select c.key, c.fingerprint, c.answer::jsonb, base
    from unnest(keys, fingerprints, answers) with ordinality as c(key, fingerprint, answer, ordinal)
    where won[c.ordinal] and c.key is not null;
  end if;

  if inbox_sources is not null then
    insert into inbox (source, stream, epoch, version, event_id)
    select m.source, m.stream, m.epoch, m.version, m.event_id
    from unnest(inbox_sources, inbox_streams, inbox_epochs, inbox_versions, inbox_event_ids) with ordinality
         as m(source, stream, epoch, version, event_id, ordinal)
    where won[m.ordinal] and m.source is not null
    on conflict (source, stream)
    do update set epoch = excluded.epoch, version = excluded.version, event_id = excluded.event_id;
  end if;

  if timer_commands is not null then
    insert into timers (stream, name, due)
    select t.stream, t.name, t.due
    from unnest(timer_commands, timer_streams, timer_names, timer_due) as t(command, stream, name, due)
    where won[t.command] and t.due is not null
    on conflict (stream, name) do update
    set due = excluded.due, leased_until = null, failures = 0, last_failure = null;

    delete from timers
    using unnest(timer_commands, timer_streams, timer_names, timer_due) as t(command, stream, name, due)
    where timers.stream = t.stream and timers.name = t.name and won[t.command] and t.due is null;
  end if;

  if reserve_commands is not null then
    insert into reservations (name, stream)
    select r.name, r.stream from unnest(reserve_commands, reserve_names, reserve_streams) as r(command, name, stream)
    where won[r.command]
    on conflict (name) do nothing;
  end if;

  if release_commands is not null then
    delete from reservations
    using unnest(release_commands, release_names, release_streams) as r(command, name, stream)
    where reservations.name = r.name and reservations.stream = r.stream and won[r.command];
  end if;

  if key_commands is not null then
    insert into private_keys (stream, about, key)
    select k.stream, k.about, k.key
    from unnest(key_commands, key_streams, key_about, key_values) as k(command, stream, about, key)
    where won[k.command];
  end if;

  last_position := base + added;
end $$;
