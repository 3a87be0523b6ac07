"""Reference data: what codes mean (topics, problem groups, industries, measure kinds, reasons), and identifiers."""
