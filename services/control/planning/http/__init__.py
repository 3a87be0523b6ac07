"""The calendar over HTTP, for the authority alone."""
