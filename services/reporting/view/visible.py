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
    """SQL conditions over the aliases `c` (cases), `f` (facts), `u` (units) and `q` (quarantines)."""

    cases: str
    facts: str
    fact_data: str
    """The data of a fact, as the asker may see it."""
    sampled: str
    """R19: of a place, over the alias `p`."""
    control_day: str
    """R18: of a place."""
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
            facts="true",
            fact_data="f.data",
            sampled="p.sampled",
            control_day="p.control_day",
            tasks="true",
            units="true",
            quarantines="true",
            values=(),
        )
    return Visible(
        cases="c.audience = 'company' and c.status <> 'unknown' and c.cvr = $1",
        facts="f.seen_by_company",
        # The booking that an announced one replaces, and the inspector's other ones of the day, may be unannounced
        # (R18); the times are the authority's own reminders; another company's breach is not named (R8).
        fact_data="""f.data - '{replaces,slot,books_control_at,halfway_at,lapses_at}'::text[]
                     - case when (f.data ->> 'breach_is_own')::bool then '' else 'because_of' end""",
        sampled="null::bool",
        control_day="case when p.control_announced then p.control_day end",
        tasks="false",
        units="u.cvr = $1",
        quarantines="q.cvr = $1",
        values=(viewer.cvr,),
    )
