"""What an asker may see, as conditions that every query of reporting carries."""

from dataclasses import dataclass
from typing import Literal, Protocol


class Viewer(Protocol):
    """Whose view is asked for; a company comes with its CVR."""

    @property
    def audience(self) -> Literal["authority", "company"]: ...

    @property
    def cvr(self) -> str | None: ...


@dataclass(frozen=True)
class Visible:
    """SQL conditions over the aliases `c` (cases), `u` (units) and `q` (quarantines).

    What of a fact a company may know is said by the contract: its rows of cases are folded from that (fold_batch.py),
    all else from its facts when it asks (shown_facts.py).
    """

    cases: str
    sampled: str
    """R19: of a place, over the alias `p`; a company is told of no sample."""
    tasks: str
    units: str
    quarantines: str
    values: tuple[str | None, ...]
    """What stands for $1 on."""


def visible(viewer: Viewer) -> Visible:
    """The authority sees all; a company its own cases, folded from what it may know of (R18). No CVR: nothing."""
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
