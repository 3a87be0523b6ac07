"""Rules, reactions and lookups build facts, and read them in their public form only (R31)."""

import ast
from collections.abc import Iterator

import pytest

from shared.contracts import public_forms
from tests.unit.architecture.code_patterns import Source, as_source, sources

pytestmark = pytest.mark.rule("R31")
CONTRACTS = ("shared.contracts.offers", "shared.contracts.guidance", "shared.contracts.control")
DOORS_WITH_A_KEY = {"services/offers/lookups/department_of_violation.py"}
"""Lookups that read a private part for a command, and say what they do where its key is destroyed."""


def readers() -> Iterator[Source]:
    """What decides, or makes the commands of what decides."""
    for one in sources("services"):
        of_service = one.path.split("/")[2:]
        if of_service and of_service[0] in ("rules", "lookups", "reactions.py"):
            yield one


def whole_facts_read(source: Source) -> list[str]:
    """Facts with private parts that stand there as more than what is built: as a type, in a pattern, as a value."""
    whole = {
        alias.asname or alias.name
        for node in source.nodes
        if isinstance(node, ast.ImportFrom) and node.module in CONTRACTS
        for alias in node.names
        if alias.name in public_forms.__all__
    }
    built = {id(node.func) for node in source.nodes if isinstance(node, ast.Call)}
    returned = {
        id(part)
        for node in source.nodes
        if isinstance(node, ast.FunctionDef) and node.returns is not None
        for part in ast.walk(node.returns)
    }
    return [
        f"{source.path}:{node.lineno} {node.id}"
        for node in source.nodes
        if isinstance(node, ast.Name) and node.id in whole and id(node) not in built | returned
    ]


def whole_modules(source: Source) -> list[str]:
    """Contracts that are imported as modules, past which nothing could be told."""
    return [
        f"{source.path}:{node.lineno}"
        for node in source.nodes
        if (isinstance(node, ast.Import) and any(alias.name in CONTRACTS for alias in node.names))
        or (
            isinstance(node, ast.ImportFrom) and any(f"{node.module}.{alias.name}" in CONTRACTS for alias in node.names)
        )
    ]


def test_facts_are_read_in_their_public_form() -> None:
    read = [found for one in readers() if one.path not in DOORS_WITH_A_KEY for found in whole_facts_read(one)]
    assert read == [], "import it from shared.contracts.public_forms"
    assert [found for one in readers() for found in whole_modules(one)] == []


def test_each_door_with_a_key_is_one() -> None:
    assert {one.path for one in readers() if whole_facts_read(one)} == DOORS_WITH_A_KEY


@pytest.mark.parametrize(
    "planted",
    [
        "def department(sent: OfferSent) -> str | None:\n    return sent.department",
        "class Open:\n    sent: OfferSent",
        "def read(fact: object) -> object:\n    match fact:\n        case OfferSent(): return fact.department",
        "KNOWN = {OfferSent: 'offer'}",
    ],
)
def test_a_planted_read_is_found(planted: str) -> None:
    source = as_source("services/offers/rules/planted.py", f"from shared.contracts.offers import OfferSent\n{planted}")
    assert len(whole_facts_read(source)) == 1


def test_a_fact_that_is_built_is_not_a_read() -> None:
    built = "from shared.contracts.offers import OfferSent\ndef send() -> OfferSent:\n    return OfferSent()"
    assert whole_facts_read(as_source("services/offers/rules/planted.py", built)) == []
