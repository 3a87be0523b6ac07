-- The schema of offers as it stands today, for the service's own schema (search_path points to it).
-- The migrations lead to the same, and a test compares the two.

\ir ../../shared/eventstore/sql/schema.sql
\ir ../../shared/eventstore/sql/positions.sql
\ir ../../shared/eventstore/sql/append.sql
\ir ../../shared/messaging/sql/parked.sql
\ir ../../shared/messaging/sql/consumer_positions.sql

-- The units to which offers can be made: each as it is from a day on, until the next row of the same unit.
create table units (
  p_number text not null,
  effective_from date not null,
  cvr text not null,
  industry text not null,
  primary key (p_number, effective_from)
);
