"""Danish calendar rules, and deadlines that explain themselves."""
