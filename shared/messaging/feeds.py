"""Streams of a service's log that it publishes apart from the others: on a topic and under a source of their own.

A reader takes each source from one topic with one consumer, asks it for heads, and asks it to publish again. So what
goes to another topic is another source, and readers need not know that both come from one log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Feed:
    """The streams that are published apart. All facts of a stream go to the same feed."""

    source: str
    """The `ce_source` of its facts."""
    topic: str
    types: frozenset[str]
    """The names of its facts; no other feed of the service has any of them."""


class Selection(NamedTuple):
    """Which facts of a log belong to a source: those with one of the names, or all others."""

    names: list[str]
    included: bool


def selection(source: str, apart: Sequence[Feed]) -> Selection:
    """Returns which facts of its log a service publishes under a source: its own name, or that of a feed."""
    for feed in apart:
        if feed.source == source:
            return Selection(sorted(feed.types), included=True)
    return Selection(sorted(name for feed in apart for name in feed.types), included=False)
