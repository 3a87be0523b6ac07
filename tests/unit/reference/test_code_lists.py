"""Every code has a Danish and an English name in one place (R26)."""

from enum import StrEnum
from importlib import import_module
from pkgutil import iter_modules

import pytest

from services.reporting import cases
from shared import contracts
from shared.eventstore.events import Origin
from shared.reference.reference import CODE_LISTS, REFERENCE_FILES, closed_lists

ENUMERATIONS = {
    kind.__name__: kind
    for package in (contracts, cases)
    for module in (import_module(f"{package.__name__}.{one.name}") for one in iter_modules(package.__path__))
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind.__module__ == module.__name__
} | {Origin.__name__: Origin}


def test_every_enumeration_of_facts_and_of_the_view_has_a_list_with_exactly_its_codes() -> None:
    codes = sorted(sorted(terms) for terms in closed_lists().values())
    assert codes == sorted(sorted(kind) for kind in ENUMERATIONS.values())


def test_every_reference_file_is_a_list() -> None:
    assert set(CODE_LISTS) == {file.stem for file in REFERENCE_FILES.glob("*.csv")}


@pytest.mark.parametrize("name", [*CODE_LISTS, *closed_lists()])
def test_every_code_has_two_names(name: str) -> None:
    terms = CODE_LISTS[name]() if name in CODE_LISTS else closed_lists()[name]
    assert terms
    assert all(term.danish.strip() and term.english.strip() for term in terms.values())
