-- Where each consumer stands in a partition. Moved by compare-and-set, once everything before it has its effect.
create table consumer_positions (
  consumer text not null,
  topic text not null,              -- with the prefix of its environment
  partition int not null,
  next_offset bigint not null,      -- of the record that is taken next
  last_offset bigint,               -- of the newest record that was taken: read again, it tells whether the log is the same
  last_timestamp bigint,            -- Kafka's, in milliseconds
  last_event_id text,
  moved_at timestamptz not null default now(),
  primary key (consumer, topic, partition)
) with (fillfactor = 50);

-- Up to where the heads of each source have been compared with what was taken from it.
create table compared_sources (
  source text primary key,
  epoch int not null default 0,
  position bigint not null default 0,
  full_because text,                -- why all that it published must be compared; null once it has been
  compared_at timestamptz
);

-- Streams of which the source has told more than has been taken, although everything on Kafka has been read.
create table missing (
  source text not null,
  stream uuid not null,
  epoch int not null,
  version int not null,
  event_id uuid not null,
  extensions jsonb not null,        -- what the missing fact concerns, for rules that reach over streams
  problem text not null,            -- missing; behind, other-event: the source tells less, or another event, than was taken
  found_at timestamptz not null default now(),
  asked_at timestamptz,
  primary key (source, stream)
);
create index on missing using gin (extensions jsonb_path_ops);
