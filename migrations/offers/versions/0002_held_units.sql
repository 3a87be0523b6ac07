-- Units at which nothing is offered or accepted, as a fact about them was passed over, until an operator releases them (R8).
create table held_units (
  p_number text not null,
  event_id uuid not null,           -- of the fact that was passed over
  source text not null,
  stream uuid not null,
  version int not null,
  type text not null,
  held_at timestamptz not null default now(),
  held_by text not null,            -- who passed it over, and why
  hold_reason text not null,
  released_at timestamptz,
  released_by text,
  release_reason text,
  primary key (p_number, event_id)
);
create index held_now on held_units (p_number) where released_at is null;
