"""Facts between services over Kafka: published, processed once, parked if that fails. Knows nothing of agreements."""
