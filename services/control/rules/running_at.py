"""Names by which the agreements that run at a unit on a topic are found (R11)."""

from uuid import UUID


def runs_at(p_number: str, topic: str, agreement_id: UUID) -> str:
    """What an agreement holds for each unit that it includes."""
    return f"{running_at(p_number, topic)}{agreement_id}"


def running_at(p_number: str, topic: str) -> str:
    """What all such names of a unit and topic begin with, and no others."""
    return f"running/{p_number}/{topic}/"
