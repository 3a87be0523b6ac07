"""The problem group of a topic."""

from shared.reference.reference import topics


def problem_group(topic: str | None) -> str | None:
    """None where the topic is not given, or not known: the order system may know topics that we do not."""
    known = None if topic is None else topics().get(topic)
    return None if known is None else known.group
