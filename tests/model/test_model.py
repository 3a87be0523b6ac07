"""Random courses of the whole process against an independent reference of it."""

from tests.model.in_memory import InMemory, play


def test_random_courses_in_memory_go_as_the_rules_say() -> None:
    """The same in every run, so that a red one is the change's; `python -m tests.model` plays others."""
    play(InMemory, 2_000, same=True)
