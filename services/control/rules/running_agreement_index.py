"""Index of running agreements by unit and topic: the names that they reserve (R11)."""

from uuid import UUID


def running_agreement_name(p_number: str, topic: str, agreement_id: UUID) -> str:
    """What an agreement holds for each unit that it includes."""
    return f"{running_agreements_prefix(p_number, topic)}{agreement_id}"


def running_agreements_prefix(p_number: str, topic: str) -> str:
    """What all such names of a unit and topic begin with, and no others."""
    return f"running/{p_number}/{topic}/"
