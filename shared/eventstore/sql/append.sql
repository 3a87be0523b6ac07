-- Append commands as one group. What belongs to a command comes in arrays of rows, an array per table, whose `command` says
-- to which one it belongs (counted from 1). Rows have names for all that they hold, and callers give them by name: two ids
-- that stand in each other's place can be read in the code, and no order of parameters can put them there. Returns each
-- command's fault (null: it won) and the position of the last event of the group. The caller puts at most one command per
-- written stream, key, inbox stream and reservation into a group.
create type append_command as (
  key uuid, fingerprint text, answer text,  -- null without an idempotency key
  inbox_source text, inbox_stream uuid, inbox_from_epoch int, inbox_from_version int, inbox_epoch int, inbox_version int,
  inbox_event_id uuid                       -- null where the command is no reaction to a fact
);
create type append_write as (command int, stream uuid, expected int, adds int);
create type append_event as (
  command int, stream uuid, version int, event_id uuid, type text, schema_version smallint, data text, private text,
  metadata text, occurred_at timestamptz
);
create type append_timer as (command int, stream uuid, name text, due timestamptz);  -- due is null: it is cancelled
create type append_reservation as (command int, name text, stream uuid);
create type append_private_key as (command int, stream uuid, about text, key bytea);

create or replace function append(
  commands append_command[], writes append_write[], new_events append_event[], timer_changes append_timer[],
  reserve append_reservation[], release append_reservation[], new_keys append_private_key[],
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
  any_key bool;
  any_mark bool;
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
    from unnest(writes) as w
    left join streams s on s.id = w.stream
    where coalesce(s.version, 0) <> w.expected
  ), taken as (
    -- What the command itself takes from its holder is free for it, so that places can be exchanged.
    select r.command
    from unnest(reserve) as r
    join reservations held on held.name = r.name and held.stream <> r.stream
    where not exists (
      select from unnest(release) as given
      where given.command = r.command and given.name = r.name and given.stream = held.stream)
    union
    select r.command from unnest(reserve) as r group by r.command, r.name having count(distinct r.stream) > 1
  ), command as (
    select c.ordinality, c.key, c.inbox_source, case
        when c.key is not null and exists (select from handled h where h.key = c.key) then 'repeated'
        when c.inbox_source is not null
             and (coalesce(i.epoch, 0), coalesce(i.version, 0)) <> (c.inbox_from_epoch, c.inbox_from_version) then 'moved'
        when c.ordinality in (select command from stale) then 'stale'
        when c.ordinality in (select command from taken) then 'reserved'
      end as fault
    from unnest(commands) with ordinality as c
    left join inbox i on i.source = c.inbox_source and i.stream = c.inbox_stream
  )
  select array_agg(fault order by ordinality), array_agg(fault is null order by ordinality),
         bool_or(key is not null), bool_or(inbox_source is not null)
  into faults, won, any_key, any_mark from command;

  -- Events and side rows of the winners only. What a group has none of is not touched.
  if cardinality(new_events) > 0 then
    insert into events (position, stream, version, epoch, event_id, type, schema_version, data, private, metadata,
                        occurred_at, recorded_at)
    select base + row_number() over (order by e.ordinality), e.stream, e.version, current_epoch, e.event_id, e.type,
           e.schema_version, e.data::jsonb, e.private::jsonb, e.metadata::jsonb, e.occurred_at,
           coalesce(virtual_now, clock_timestamp())
    from unnest(new_events) with ordinality as e
    where won[e.command];
    get diagnostics added = row_count;
  end if;

  insert into streams (id, version, first_position)
  select w.stream, w.expected + w.adds, base + 1
  from unnest(writes) as w
  where won[w.command] and w.adds > 0
  on conflict (id) do update set version = excluded.version;

  if any_key then
    insert into handled (key, fingerprint, answer, position)
    select c.key, c.fingerprint, c.answer::jsonb, base
    from unnest(commands) with ordinality as c
    where won[c.ordinality] and c.key is not null;
  end if;

  if any_mark then
    insert into inbox (source, stream, epoch, version, event_id)
    select c.inbox_source, c.inbox_stream, c.inbox_epoch, c.inbox_version, c.inbox_event_id
    from unnest(commands) with ordinality as c
    where won[c.ordinality] and c.inbox_source is not null
    on conflict (source, stream)
    do update set epoch = excluded.epoch, version = excluded.version, event_id = excluded.event_id;
  end if;

  if cardinality(timer_changes) > 0 then
    insert into timers (stream, name, due)
    select t.stream, t.name, t.due
    from unnest(timer_changes) as t
    where won[t.command] and t.due is not null
    on conflict (stream, name) do update
    set due = excluded.due, leased_until = null, failures = 0, last_failure = null;

    delete from timers
    using unnest(timer_changes) as t
    where timers.stream = t.stream and timers.name = t.name and won[t.command] and t.due is null;
  end if;

  if cardinality(release) > 0 then
    delete from reservations
    using unnest(release) as r
    where reservations.name = r.name and reservations.stream = r.stream and won[r.command];
  end if;

  -- A name for which two commands of the group have won violates the primary key: better that the group fails.
  if cardinality(reserve) > 0 then
    insert into reservations (name, stream)
    select distinct r.name, r.stream
    from unnest(reserve) as r
    where won[r.command] and not exists (
      select from reservations held where held.name = r.name and held.stream = r.stream);
  end if;

  if cardinality(new_keys) > 0 then
    insert into private_keys (stream, about, key)
    select k.stream, k.about, k.key
    from unnest(new_keys) as k
    where won[k.command];
  end if;

  last_position := base + added;
end $$;
