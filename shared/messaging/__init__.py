"""Facts between services over Kafka: published, taken once, parked if they cannot be. Knows nothing of agreements."""
