-- The schema of offers as it stands today, for the service's own schema (search_path points to it).
-- The migrations lead to the same, and a test compares the two.

\ir ../../shared/eventstore/sql/schema.sql
\ir ../../shared/eventstore/sql/append_only.sql
\ir ../../shared/eventstore/sql/positions.sql
\ir ../../shared/eventstore/sql/append.sql
\ir ../../shared/eventstore/sql/append_by_arrays.sql
\ir ../../shared/messaging/sql/parked.sql
\ir ../../shared/messaging/sql/consumer_positions.sql

-- The units to which offers can be made: each as it is from a day on, until the next row of the same unit.
create table units (
  p_number text not null,
  effective_from date not null,
  cvr text,                         -- null from the day on which the unit ceased (R40)
  industry text,
  name text,                        -- of the unit, for letters; null until the register tells it
  primary key (p_number, effective_from)
);

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

-- R26: the last number that was given to an agreement of each year.
create table agreement_numbers (
  year int primary key,
  last int not null
);

\ir ../../shared/people/sql/people.sql

\ir ../../migrations/privileges/service_login.sql
\ir ../../migrations/privileges/append_only.sql
