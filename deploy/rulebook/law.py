"""How docs/domain.md differs from another text of the rules: python -m deploy.rulebook.law [FILE]."""

import sys
from difflib import unified_diff
from pathlib import Path

from deploy.rulebook.files import DOCS
from deploy.rulebook.sources import PROJECT

_TOLD_TO_US = PROJECT.parent / "shared" / "domain.md"
"""Where the text from which docs/domain.md was taken may lie, beside the project."""


def difference(ours: str, theirs: str) -> str:
    """Line by line, as a patch from ours to theirs; empty where they are the same."""
    lines = unified_diff(ours.splitlines(), theirs.splitlines(), "docs/domain.md", "the other text", lineterm="")
    return "\n".join(lines)


def main() -> None:
    """Print the difference, or that there is none, or that there is nothing to compare with; fails nothing."""
    other = Path(sys.argv[1]) if len(sys.argv) > 1 else _TOLD_TO_US
    if not other.is_file():
        print(f"There is no file {other} to compare with.")
        return
    found = difference((DOCS / "domain.md").read_text(encoding="utf-8"), other.read_text(encoding="utf-8"))
    print(found or "There is no difference.")


if __name__ == "__main__":
    main()
