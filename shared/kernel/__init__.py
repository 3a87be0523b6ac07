"""Event sourcing on PostgreSQL and Kafka; knows nothing of agreements."""
