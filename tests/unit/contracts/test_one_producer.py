"""Every fact has one producer, is published whole, and shows no name and no free text."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from shared.contracts import control, guidance, offers, orders, register
from shared.kernel.events import Event, private_fields

PROJECT = Path(__file__).parents[3]
OURS: dict[str, ModuleType] = {"offers": offers, "guidance": guidance, "control": control}
OTHERS: dict[str, ModuleType] = {"orders": orders, "register": register}
CODED_TEXT = {
    "cvr",
    "p_number",
    "topic",
    "inspection_id",
    "inspector",
    "response_rule",
    "letter_version",
    "reason",
    "rule",
    "accepted_by",
    "declined_by",
    "offered_by",
    "sent_by",
    "answered_by",
    "requested_by",
    "late_reason",
    "form_reason",
    "policy",
    "outcome",
    "industry",
    "sector",
    "size_class",
}
"""Text fields that hold ids and codes; `name` is that of a unit, which the business register publishes itself."""


def facts_of(contract: ModuleType) -> tuple[type[Event], ...]:
    facts: tuple[type[Event], ...] = contract.FACTS
    return facts


def constructed(folder: Path) -> Iterator[tuple[str, str]]:
    """The names of all that is called like a class, with the file."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield called, str(file.relative_to(PROJECT))


def mentioned(folder: Path) -> Iterator[str]:
    """The names that occur outside of imports."""
    for file in folder.rglob("*.py"):
        yield from (node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name))


@pytest.mark.parametrize("name", [*OURS, *OTHERS])
def test_every_event_of_a_contract_is_among_its_facts(name: str) -> None:
    contract = {**OURS, **OTHERS}[name]
    defined = {
        value
        for value in vars(contract).values()
        if isinstance(value, type) and issubclass(value, Event) and value.__module__ == contract.__name__
    }
    assert defined == set(facts_of(contract))


def test_no_two_contracts_name_a_fact_the_same() -> None:
    names = [fact.__name__ for contract in (*OURS.values(), *OTHERS.values()) for fact in facts_of(contract)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("service", ["offers", "guidance", "control", "reporting"])
def test_a_service_makes_only_facts_of_its_own(service: str) -> None:
    foreign = {
        fact.__name__ for name, contract in {**OURS, **OTHERS}.items() if name != service for fact in facts_of(contract)
    }
    made = [f"{name} in {file}" for name, file in constructed(PROJECT / "services" / service) if name in foreign]
    assert made == []


@pytest.mark.parametrize("service", OURS)
def test_every_fact_is_made_by_its_service(service: str) -> None:
    made = set(mentioned(PROJECT / "services" / service))
    assert {fact.__name__ for fact in facts_of(OURS[service])} - made == set()


@pytest.mark.parametrize("fact", [fact for contract in OURS.values() for fact in facts_of(contract)])
def test_a_fact_names_its_agreement_and_shows_no_text(fact: type[Event]) -> None:
    assert "agreement_id" in fact.model_fields
    private = private_fields(fact)
    texts = {
        name
        for name, field in fact.model_fields.items()
        if name not in private and field.annotation in (str, str | None)
    }
    assert texts <= CODED_TEXT
    assert all(not fact.model_fields[name].is_required() for name in private)
