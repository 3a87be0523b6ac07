"""The demo: made-up courses of agreements whose figures can be held beside the evaluation."""
