"""Code of all services: contracts, event store, messaging, deadlines, HTTP, telemetry, policy and reference data."""
