"""Traces, from the request that began something to the row in a view, in files that any OTLP reader reads."""
