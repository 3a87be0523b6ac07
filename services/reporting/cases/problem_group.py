"""The problem group of a topic."""

from shared.reference.reference import topics


def problem_group(topic: str | None) -> str | None:
    """Returns the problem group of a topic; None if the topic is not given, or not known.

    The order system may know topics that Aftale does not know.
    """
    known = None if topic is None else topics().get(topic)
    return None if known is None else known.group
