-- What a start after a restore rests on. All of it goes back with the database, so that what was recorded since is found.

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
