"""Plays a year of calendars in one process: ./aftale bench planning. See __main__.py."""
