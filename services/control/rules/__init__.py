"""What decides the course of an agreement: pure decisions, a file per subject."""
