"""The reporting service: one view of agreements, orders and other cases, folded from everybody's facts."""
