"""What a check of a log came to, in the same words for Aftale and its peers."""

from collections.abc import Iterable
from dataclasses import dataclass

KINDS = ("missed", "doubled", "reordered", "otherwise")
"""In which ways something can be wrong."""


@dataclass(frozen=True)
class Finding:
    """One check: how much it looked at, and how much of it was wrong in which way."""

    what: str
    looked_at: int
    missed: int = 0
    doubled: int = 0
    reordered: int = 0
    otherwise: int = 0

    @property
    def wrong(self) -> int:
        """In any way."""
        return self.missed + self.doubled + self.reordered + self.otherwise


def as_table(findings: Iterable[Finding]) -> str:
    """A line each, and one for all."""
    lines = ["".join(f"{head:>12}" for head in ("looked at", *KINDS))]
    sums = [0, 0, 0, 0]
    for one in findings:
        wrong = (one.missed, one.doubled, one.reordered, one.otherwise)
        lines.append("".join(f"{number:>12,}" for number in (one.looked_at, *wrong)) + f"  {one.what}")
        sums = [sum_ + number for sum_, number in zip(sums, wrong, strict=True)]
    lines.append("".join(f"{cell:>12}" for cell in ("", *(f"{sum_:,}" for sum_ in sums))) + "  in all")
    return "\n".join(lines)
