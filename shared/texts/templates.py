"""The form of files of texts: paragraphs, with the names of values in braces."""

import tomllib
from collections.abc import Iterable
from string import Formatter
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError


def paragraphs(section: str) -> tuple[str, ...]:
    """Returns the paragraphs of a section, each on one line; a blank line separates them."""
    return tuple(" ".join(one.split()) for one in section.split("\n\n") if one.strip())


def placeholders(text: str) -> frozenset[str]:
    """Returns the names of the values that a text names. Raises ValueError if a brace has no other."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def well_formed(text: str, alone: Iterable[str]) -> str:
    """Returns the text with each paragraph on one line, so that words of several parts are found in it.

    `alone` names the values that stand as paragraphs of their own. Raises ValueError.
    """
    for _, name, form, conversion in Formatter().parse(text):
        if name is not None and (not name.isidentifier() or form or conversion):
            raise ValueError(f"{{{name}}} must be the name of a value and nothing else")
    for name in placeholders(text).intersection(alone):
        if f"{{{name}}}" not in paragraphs(text):
            raise ValueError(f"{{{name}}} must be a paragraph of its own")
    if not text.strip():
        raise ValueError("must say something")
    return "\n\n".join(paragraphs(text))


class Part(BaseModel):
    """A file of texts, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, content: str) -> Self:
        """Returns the content of a file. Raises ValueError that names every fault with its field."""
        try:
            return cls.model_validate(tomllib.loads(content))
        except ValidationError as wrong:
            told = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in wrong.errors())
            raise ValueError("\n".join(told)) from wrong
