"""Reads calendars and working time, and draws days."""
