"""What is known of people and centres: pure decisions, a file per subject."""
