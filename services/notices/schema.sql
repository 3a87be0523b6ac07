-- The schema of notices as it stands today, for the service's own schema (search_path points to it).
-- The migrations lead to the same, and a test compares the two.
-- Notices keep, beside their event store, what they know of the people of the authority, tries to send, and the feed of the
-- company portal.

\ir ../../shared/eventstore/sql/schema.sql
\ir ../../shared/eventstore/sql/append_only.sql
\ir ../../shared/eventstore/sql/positions.sql
\ir ../../shared/eventstore/sql/append.sql
\ir ../../shared/eventstore/sql/append_by_arrays.sql
\ir ../../shared/messaging/sql/parked.sql
\ir ../../shared/messaging/sql/consumer_positions.sql

\ir ../../shared/people/sql/people.sql
\ir channels/sql/sending.sql
\ir channels/sql/portal.sql

\ir ../../migrations/privileges/service_login.sql
\ir ../../migrations/privileges/append_only.sql
