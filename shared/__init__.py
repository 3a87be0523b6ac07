"""What every service speaks (contracts) and stands on (event store, messaging, deadlines, HTTP, telemetry)."""
