"""The revisions that this release contains, read without alembic, because services that ask should not load it."""

import re
from collections.abc import Mapping
from pathlib import Path

CHAINS = {
    "offers": ("event_store", "offers"),
    "guidance": ("event_store", "guidance"),
    "control": ("event_store",),
    "notices": ("event_store", "notices"),
    "reporting": ("reporting",),
}
"""The chains of migrations that make each service's schema."""
FOLDER = Path(__file__).parent
_STEP = re.compile(r'^revision = "(\w+)"\ndown_revision = (?:"(\w+)"|None)$', re.MULTILINE)


def revision_files(chain: str) -> Mapping[str, Path]:
    """Returns the files of a chain's revisions, oldest first."""
    files = sorted((FOLDER / chain / "versions").glob("*.py"))
    steps = {file: _STEP.search(file.read_text(encoding="utf-8")) for file in files}
    after = {step[2]: (step[1], file) for file, step in steps.items() if step}
    order: dict[str, Path] = {}
    while (following := after.get(next(reversed(order), None))) is not None:
        order[following[0]] = following[1]
    return order
