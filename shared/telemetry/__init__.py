"""Traces from a request to the row in a view, in files that any OTLP reader can read; metrics and logs."""
