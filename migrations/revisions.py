"""Which revisions this release ships, read without alembic: a service that asks must not pay for loading it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

CHAINS = {
    "offers": ("event_store", "offers"),
    "guidance": ("event_store",),
    "control": ("event_store",),
    "reporting": ("reporting",),
}
"""Which chains of migrations make each service's schema."""
_STEP = re.compile(r'^revision = "(\w+)"\ndown_revision = (?:"(\w+)"|None)$', re.MULTILINE)


def shipped(service: str) -> Mapping[str, Sequence[str]]:
    """The revisions of each of a service's chains, oldest first."""
    return {chain: _revisions(chain) for chain in CHAINS[service]}


def _revisions(chain: str) -> Sequence[str]:
    files = (Path(__file__).parent / chain / "versions").glob("*.py")
    steps = [_STEP.search(file.read_text(encoding="utf-8")) for file in files]
    after = {step[2]: step[1] for step in steps if step}
    order: list[str] = []
    while (following := after.get(order[-1] if order else None)) is not None:
        order.append(following)
    return order
