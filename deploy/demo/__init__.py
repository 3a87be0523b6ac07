"""The demo: made-up courses of agreements, whose figures can be compared with the evaluation."""
