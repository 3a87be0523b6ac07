-- The event store of one service: run once in the service's own schema (search_path points to it).

-- One row: the ordering lock of append, the position of the newest event, and the epoch of this history.
create table log (
  position bigint not null,
  epoch int not null,
  only_row bool primary key default true check (only_row)
);
insert into log values (0, 1);

create table streams (
  id uuid primary key,
  version int not null,
  first_position bigint not null  -- prunes the partitions that a load has to look into
) with (fillfactor = 70);

create table events (
  position bigint not null,
  stream uuid not null,
  version int not null,
  epoch int not null,               -- of the history in which it was recorded: it keeps it for ever
  event_id uuid not null,
  type text not null,
  schema_version smallint not null,
  data jsonb not null,              -- the public part
  private jsonb,                    -- ciphertext by the person it is about
  metadata jsonb not null,
  occurred_at timestamptz not null, -- domain time
  recorded_at timestamptz not null, -- machine time
  primary key (position)
) partition by range (position);

create function ensure_partitions(size bigint default 10000000) returns void
language plpgsql as $$
-- Keeps a partition ready for the next events: created apart and attached, so that appends are not locked out.
declare
  newest bigint := (select position from log);
  first bigint := newest / size;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.ensure_partitions'));
  for number in first .. first + 1 loop
    if to_regclass(format('%I.events_%s', current_schema(), number)) is null then
      execute format('create table events_%s (like events including defaults including constraints)', number);
      execute format('alter table events_%s add primary key (position)', number);
      execute format('create unique index on events_%s (stream, version)', number);
      execute format('alter table events attach partition events_%s for values from (%s) to (%s)',
                     number, number * size, (number + 1) * size);
    end if;
  end loop;
end $$;

-- Idempotency keys of commands, with the answer that a repetition gets.
create table handled (
  key uuid primary key,
  fingerprint text not null,
  answer jsonb,
  position bigint not null,
  handled_at timestamptz not null default now()
);

-- The newest fact taken from each stream of each other source.
create table inbox (
  source text not null,
  stream uuid not null,
  epoch int not null,
  version int not null,
  event_id uuid not null,
  primary key (source, stream)
) with (fillfactor = 70);

create table timers (
  stream uuid not null,
  name text not null,
  due timestamptz not null,
  leased_until timestamptz,
  failures int not null default 0,
  last_failure text,
  primary key (stream, name)
);
create index on timers (due);

-- Names that only one stream may hold at a time.
create table reservations (
  name text collate "C" primary key,
  stream uuid not null
);
create index on reservations (stream);

-- Destroying a key erases what was written under it; the row stays, so that nothing new is written under that name.
create table private_keys (
  stream uuid not null,
  about text not null,
  key bytea,
  destroyed_at timestamptz,
  primary key (stream, about)
);

create table relay (
  checkpoint bigint not null,
  only_row bool primary key default true check (only_row)
);
insert into relay values (0);

-- Streams that a consumer asked to have published again.
create table republications (
  id bigint generated always as identity primary key,
  stream uuid not null,
  from_version int not null,
  requested_at timestamptz not null default now()
);
