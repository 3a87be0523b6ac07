"""What codes mean: topics, problem groups, industries, measure kinds, reasons, identifiers."""
