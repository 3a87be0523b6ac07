"""What an asker may see, as conditions that every query of reporting carries."""

from dataclasses import dataclass
from typing import Literal, Protocol


class Viewer(Protocol):
    """Who asks: the authority, or a company with its CVR."""

    @property
    def audience(self) -> Literal["authority", "company"]: ...

    @property
    def cvr(self) -> str | None: ...


@dataclass(frozen=True)
class Visible:
    """SQL conditions over the aliases `c` (cases), `u` (units) and `q` (quarantines).

    The contract says what a company may know of a fact. A company's rows of cases are folded from that (fold_batch.py);
    all else is folded from its facts when it asks (shown_facts.py).
    """

    cases: str
    sampled: str
    """R19: whether a place, alias `p`, is in the sample; null for a company, which must not know."""
    tasks: str
    units: str
    quarantines: str
    values: tuple[str | None, ...]
    """The values of the placeholders, from $1 on."""


def visible(viewer: Viewer) -> Visible:
    """Returns what a viewer may see: the authority all, a company its own cases, folded from what it may know (R18).

    A company without a CVR sees nothing.
    """
    # A case whose opening fact has not come yet is shown to nobody: it is only a link from another case.
    if viewer.audience == "authority":
        return Visible(
            cases="c.audience = 'authority' and c.status <> 'unknown'",
            sampled="p.sampled",
            tasks="true",
            units="true",
            quarantines="true",
            values=(),
        )
    return Visible(
        cases="c.audience = 'company' and c.status <> 'unknown' and c.cvr = $1",
        sampled="null::bool",
        tasks="false",
        units="u.cvr = $1",
        quarantines="q.cvr = $1",
        values=(viewer.cvr,),
    )
