"""Index of running agreements by unit and topic: the names that they reserve (R11)."""

from uuid import UUID


def running_agreement_name(p_number: str, topic: str, agreement_id: UUID) -> str:
    """Returns the name that a running agreement reserves for each unit that it includes."""
    return f"{running_agreements_prefix(p_number, topic)}{agreement_id}"


def running_agreements_prefix(p_number: str, topic: str) -> str:
    """Returns the prefix of the names of all agreements on a topic at a unit, and of no other names."""
    return f"running/{p_number}/{topic}/"
