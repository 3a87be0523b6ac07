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
