"""Random courses of the whole process against an independent reference of it."""

from tests.model.in_memory import InMemory, play


def test_random_courses_in_memory_go_as_the_rules_say() -> None:
    play(InMemory, 2_000)
