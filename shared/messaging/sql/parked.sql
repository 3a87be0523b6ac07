-- Messages that wait because their stream has a hole, or a message that could not be handled.
create table parked (
  source text not null,
  stream uuid not null,
  epoch int not null,
  version int not null,
  event_id uuid not null,
  reason text not null,             -- hole, poison, waiting, alarm
  detail text not null,
  headers jsonb not null,
  body text not null,
  extensions jsonb not null,        -- what the fact concerns, for rules that reach over streams
  parked_at timestamptz not null default now(),
  primary key (source, stream, epoch, version, event_id)
);
create index on parked using gin (extensions jsonb_path_ops);

-- Decisions of operators to pass over a message, kept for ever.
create table discarded (
  like parked including defaults,
  discarded_at timestamptz not null default now(),
  discarded_by text not null,
  discard_reason text not null
);

-- Parked messages as they were before the source published them again, sound and under the same id; kept for ever.
create table replaced (
  like parked including defaults,
  replaced_at timestamptz not null default now()
);

-- The streams that operators asked of their sources again. The newest request of each.
create table retakes (
  source text not null,
  stream uuid not null,
  from_version int not null,
  asked_at timestamptz not null default now(),
  asked_by text not null,
  came_at timestamptz,              -- when that version came again; null as long as the source is silent
  primary key (source, stream)
);
