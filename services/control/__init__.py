"""Everything from the acceptance on that decides the course of an agreement."""
