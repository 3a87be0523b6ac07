"""A fact as a reaction puts it into a command: without its private parts, as the rules' types have it."""

from typing import Any, TypeVar

from shared.eventstore.events import Event, private_fields

AnyEvent = TypeVar("AnyEvent", bound=Event)


def public(fact: Event) -> Any:
    """Of whatever type the command asks for."""
    return fact.public_form()


def without_texts(fact: AnyEvent) -> AnyEvent:
    """As it reads to who has no key."""
    return fact.model_copy(update=dict.fromkeys(private_fields(type(fact))))
