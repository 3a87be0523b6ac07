"""Compares docs/domain.md with another text of the rules: python -m deploy.rulebook.law [FILE]."""

import sys
from difflib import unified_diff
from pathlib import Path

from deploy.rulebook.files import DOCS
from deploy.rulebook.sources import PROJECT

_TOLD_TO_US = PROJECT.parent / "shared" / "domain.md"
"""Where the original of docs/domain.md may lie, outside of the project."""


def difference(ours: str, theirs: str) -> str:
    """Returns a patch from our text to theirs, line by line; empty if they are the same."""
    lines = unified_diff(ours.splitlines(), theirs.splitlines(), "docs/domain.md", "the other text", lineterm="")
    return "\n".join(lines)


def main() -> None:
    """Prints the difference, or that there is none or nothing to compare with; never fails."""
    other = Path(sys.argv[1]) if len(sys.argv) > 1 else _TOLD_TO_US
    if not other.is_file():
        print(f"There is no file {other} to compare with.")
        return
    found = difference((DOCS / "domain.md").read_text(encoding="utf-8"), other.read_text(encoding="utf-8"))
    print(found or "There is no difference.")


if __name__ == "__main__":
    main()
