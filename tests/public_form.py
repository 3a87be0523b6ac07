"""A fact as a reaction puts it into a command: without its private parts, as the rules' types have it."""

from typing import Any

from shared.eventstore.events import Event


def public(fact: Event) -> Any:
    """Of whatever type the command asks for."""
    return fact.public_form()
