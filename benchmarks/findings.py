"""The result of a check of a log, in the same form for Aftale and its peers."""

from collections.abc import Iterable
from dataclasses import dataclass

KINDS = ("missed", "doubled", "reordered", "otherwise")
"""The ways in which something can be wrong."""


@dataclass(frozen=True)
class Finding:
    """The result of one check: how many things it checked, and how many of them were wrong in which way."""

    what: str
    looked_at: int
    missed: int = 0
    doubled: int = 0
    reordered: int = 0
    otherwise: int = 0

    @property
    def wrong(self) -> int:
        """The number of errors of all kinds."""
        return self.missed + self.doubled + self.reordered + self.otherwise


def as_table(findings: Iterable[Finding]) -> str:
    """Formats one line per finding, and a line of sums."""
    lines = ["".join(f"{head:>12}" for head in ("looked at", *KINDS))]
    sums = [0, 0, 0, 0]
    for one in findings:
        wrong = (one.missed, one.doubled, one.reordered, one.otherwise)
        lines.append("".join(f"{number:>12,}" for number in (one.looked_at, *wrong)) + f"  {one.what}")
        sums = [sum_ + number for sum_, number in zip(sums, wrong, strict=True)]
    lines.append("".join(f"{cell:>12}" for cell in ("", *(f"{sum_:,}" for sum_ in sums))) + "  in all")
    return "\n".join(lines)
