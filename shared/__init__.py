"""What every service speaks (contracts) and stands on (kernel, deadlines, HTTP, telemetry)."""
