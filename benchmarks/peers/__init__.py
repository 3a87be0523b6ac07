"""What a user would pick instead, measured and checked in the same run."""
