"""Event sourcing on PostgreSQL: deciders, commands, events, timers and reservations. Knows nothing of agreements."""
