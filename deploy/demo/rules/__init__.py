"""One short course per rule of the process: what was tried, and what the rule said."""
