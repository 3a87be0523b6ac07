"""Names by which the agreements that run at a unit on a topic are found (R11)."""

from uuid import UUID


def runs_at(p_number: str, topic: str, agreement_id: UUID) -> str:
    """What an agreement holds for each unit that it includes."""
    return f"running/{p_number}/{topic}/{agreement_id}"


def running_at(p_number: str, topic: str) -> tuple[str, str]:
    """All such names of a unit and topic, byte by byte: from the first on, and before the second."""
    first = f"running/{p_number}/{topic}/"
    return first, first[:-1] + chr(ord("/") + 1)
