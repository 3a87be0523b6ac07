"""One short course per rule of the process, which shows commands and what the rule answers."""
