"""The files in which the rulebook is published."""

from collections.abc import Mapping
from functools import cache

from deploy.rulebook import decisions, process, refusals, rules, upgrading
from deploy.rulebook.sources import PROJECT

DOCS = PROJECT / "docs"


@cache
def made() -> Mapping[str, str]:
    """As the code has them now, by the name of the file."""
    return {
        "rules.md": rules.document(),
        "process.md": process.document(),
        "refusals.md": refusals.document(),
        "decisions/README.md": decisions.document(),
        "operations/upgrading.md": upgrading.document(),
    }


def publish() -> None:
    """Write them."""
    for name, text in made().items():
        (DOCS / name).write_text(text, encoding="utf-8")
