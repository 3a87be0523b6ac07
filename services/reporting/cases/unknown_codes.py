"""Codes of other systems that the reference data does not know: kept as they came, and flagged."""

from collections.abc import Mapping

from shared.contracts.register import UnitRegistered
from shared.reference.identifiers import is_valid_cvr
from shared.reference.reference import industries, sectors, size_classes, topics


def unknown_in_unit(unit: UnitRegistered) -> Mapping[str, str]:
    """Returns unknown codes of a unit by column, also a CVR that fails its check: it is a warning, never a refusal."""
    known = {"industry": industries(), "sector": sectors(), "size_class": size_classes()}
    unknown = {name: getattr(unit, name) for name, codes in known.items() if getattr(unit, name) not in codes}
    return unknown if is_valid_cvr(unit.cvr) else {**unknown, "cvr": unit.cvr}


def unknown_in_case(cvr: str, topic: str | None) -> Mapping[str, str]:
    """Returns unknown codes of an order or another case by column, also a CVR that fails its check."""
    unknown = {} if topic is None or topic in topics() else {"topic": topic}
    return unknown if is_valid_cvr(cvr) else {**unknown, "cvr": cvr}
