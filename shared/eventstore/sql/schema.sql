-- The event store of one service as it stands today, included in the schema.sql of each service that has one.

-- One row: the ordering lock of append, and the epoch of this history. It is locked and not changed: old versions of a row that
-- changes with each group would be read again and again, for as long as anybody's transaction is open.
create table log (
  epoch int not null,
  only_row bool primary key default true check (only_row)
);
insert into log values (1);

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

-- Idempotency keys of commands, with the answer that a repetition gets. They are forgotten by age.
create table handled (
  key uuid primary key,
  fingerprint text not null,
  answer jsonb,
  position bigint not null,
  -- By the virtual clock, where there is one: the caller of append sets what time it is.
  handled_at timestamptz not null
    default coalesce(nullif(current_setting('aftale.virtual_now', true), '')::timestamptz, now())
);
create index on handled (handled_at);

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

-- Steps that a release carries out once over all streams. A process that is started again goes on behind `after`.
create table release_steps (
  name text primary key,
  after uuid,                       -- the last stream, in the order of ids, for which the step was taken
  done_at timestamptz
);

-- Up to which offset of each partition the facts that this service has published are known to stand in its database.
create table own_records_checked (
  topic text not null,
  partition int not null,
  next bigint not null,
  last_timestamp bigint,            -- Kafka's, of the record before `next`: another one there means another topic
  primary key (topic, partition)
);

-- One row per restore. While `checked_at` is null, the service answers nothing before it has compared itself with Kafka.
create table restores (
  id bigint generated always as identity primary key,
  backup_made_at timestamptz not null,
  restored_at timestamptz not null default now(),
  checked_at timestamptz
);

-- Own facts that were lost with a database and taken back from Kafka, without their private parts.
create table recovered_facts (
  stream uuid not null,
  version int not null,
  event_id uuid not null,
  type text not null,
  private_fields text[] not null,   -- which private parts its type has: what they held is gone
  recovered_at timestamptz not null default now(),
  primary key (stream, version)
);

-- Commands whose facts were recovered, by the streams that these stand in: they are not carried out there again.
create table recovered_commands (
  command_id uuid not null,
  stream uuid not null,
  primary key (command_id, stream)
);

-- Own facts on Kafka that could not be recovered, and why: the epoch was raised because of them.
create table unrecoverable_facts (
  stream uuid not null,
  epoch int not null,
  version int not null,
  event_id uuid not null,
  reason text not null,
  found_at timestamptz not null default now(),
  primary key (stream, epoch, version, event_id)
);

-- Where a restored service tells facts again under a higher epoch: from a version on, as others had taken other facts
-- there. The events themselves keep the epoch in which they were recorded.
create table raised_epochs (
  stream uuid not null,
  from_version int not null,
  epoch int not null,
  raised_at timestamptz not null default now(),
  primary key (stream, from_version, epoch)
);
