"""Production units as the business register reports them, each fact from its own day on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from services.reporting.cases.unknown_codes import unknown_in_unit
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.danish_text import folded, grams, sort_key

_SORTED_BY = 50
"""Characters by which names sort: a cursor, which holds them, has a limit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The columns of the table `units`; of a unit that has ceased only when (R40)."""

    p_number: str
    effective_from: date
    cvr: str | None = None
    name: str | None = None
    industry: str | None = None
    sector: str | None = None
    size_class: str | None = None
    unknown_codes: Mapping[str, str] = field(default_factory=dict)
    """Codes that the reference data does not know, and a CVR that fails its check: kept, and flagged."""
    postcode: str | None = None
    address: str | None = None
    """Street and number; analysts do not see it."""
    searched: str | None = None
    """Folded name, address, postcode and numbers, between spaces: what a search compares."""
    grams: tuple[str, ...] = ()
    """The n-grams of `searched`, by which an index finds the rows that may contain a word."""
    sort_key: str | None = None
    """By which names sort in Danish order."""


def unit_of(event: UnitRegistered | UnitCeased) -> Unit:
    """Returns the row of a unit that a fact leads to."""
    if isinstance(event, UnitCeased):
        return Unit(p_number=event.p_number, effective_from=event.effective_from)
    told = (event.name, event.address, event.postcode, event.p_number, event.cvr)
    words = folded(" ".join(filter(None, told)))
    return Unit(
        p_number=event.p_number,
        effective_from=event.effective_from,
        cvr=event.cvr,
        name=event.name,
        industry=event.industry,
        sector=event.sector,
        size_class=event.size_class,
        unknown_codes=unknown_in_unit(event),
        postcode=event.postcode,
        address=event.address,
        searched=f" {words} ",
        grams=grams(words),
        sort_key=sort_key(event.name)[:_SORTED_BY],
    )
