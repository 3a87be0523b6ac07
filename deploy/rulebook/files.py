"""Writes the generated documents."""

from collections.abc import Mapping
from functools import cache

from deploy.rulebook import decisions, messages, process, refusals, rules, upgrading, who_may_act
from deploy.rulebook.sources import PROJECT

DOCS = PROJECT / "docs"


@cache
def build_all() -> Mapping[str, str]:
    """Returns the generated documents by file name, as the code defines them now."""
    return {
        "rules.md": rules.document(),
        "process.md": process.document(),
        "refusals.md": refusals.document(),
        "messages.md": messages.document(),
        "decisions/README.md": decisions.document(),
        "who-may-act.md": who_may_act.document(),
        "operations/upgrading.md": upgrading.document(),
    }


def publish() -> None:
    """Writes the generated documents."""
    for name, text in build_all().items():
        (DOCS / name).write_text(text, encoding="utf-8")
