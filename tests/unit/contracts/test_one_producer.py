"""Every fact has one producer, is published whole, and shows no name and no free text."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deploy.contracts import asyncapi
from shared.contracts import control, guidance, notices, offers, orders, people, register
from shared.eventstore.events import Event, PrivatePart, private_fields

PROJECT = Path(__file__).parents[3]
OURS: dict[str, ModuleType] = {
    "offers": offers,
    "guidance": guidance,
    "control": control,
    "notices": notices,
    "people": people,
}
PRODUCED_BY = {"people": "control"}
"""The service of a contract that is not named after it."""
OTHERS: dict[str, ModuleType] = {"orders": orders, "register": register}
CODED_TEXT = {
    "cvr",
    "p_number",
    "topic",
    "inspection_id",
    "number",
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
    "asked_by",
    "noted_by",
    "requested_by",
    "resent_by",
    "corrected_by",
    "recounted_by",
    "reopened_by",
    "reassigned_by",
    "taken_over_by",
    "named_by",
    "chosen_by",
    "refused_by",
    "changed_by",
    "terminated_by",
    "revoked_by",
    "withdrawn_by",
    "written_by",
    "rated_by",
    "previous",
    "how",
    "purposes",
    "late_reason",
    "form_reason",
    "policy",
    "outcome",
    "industry",
    "sector",
    "size_class",
    "postcode",
    "kind",
    "non_use_reason",
    "participants",
    "breached_units",
    "anchor_event",
    "share_of_period",
    "source",
    "person_id",
    "stand_in",
    "competences",
    "listed_by",
    "set_by",
    "opened_by",
    "token_hash",
    "late_reason_codes",
    "about",
    "code",
    "message_id",
    "person",
    "status",
    "text_version",
}
"""Text fields that hold ids and codes."""
NAMES_THAT_ARE_PUBLIC = {"UnitRegistered.name", "UnitRegistered.address", "ClosedDay.danish", "ClosedDay.english"}
"""Of a unit, and where it is, which the business register publishes itself, and of holidays."""


OF_UNITS = {"UnitChangeLearned", "UnitChangeReachedCases"}
"""Facts of a unit, whatever cases there are at it."""


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


@pytest.mark.parametrize("service", ["offers", "guidance", "control", "notices", "reporting"])
def test_a_service_makes_only_facts_of_its_own(service: str) -> None:
    foreign = {
        fact.__name__
        for name, contract in {**OURS, **OTHERS}.items()
        if PRODUCED_BY.get(name, name) != service
        for fact in facts_of(contract)
    }
    made = [f"{name} in {file}" for name, file in constructed(PROJECT / "services" / service) if name in foreign]
    assert made == []


@pytest.mark.parametrize("name", OURS)
def test_every_fact_is_made_by_its_service(name: str) -> None:
    made = set(mentioned(PROJECT / "services" / PRODUCED_BY.get(name, name)))
    assert {fact.__name__ for fact in facts_of(OURS[name])} - made == set()


@pytest.mark.parametrize("folder", ["shared", "migrations", "deploy/local"])
def test_nobody_but_a_service_makes_facts_of_agreements(folder: str) -> None:
    facts = {fact.__name__ for contract in OURS.values() for fact in facts_of(contract)}
    assert [f"{name} in {file}" for name, file in constructed(PROJECT / folder) if name in facts] == []


@pytest.mark.parametrize("fact", [fact for contract in OURS.values() for fact in facts_of(contract)])
def test_a_fact_names_its_agreement_or_its_unit(fact: type[Event]) -> None:
    """But for what is noted of orders, whichever agreements they stand against (R41), and of people and centres."""
    if fact in people.FACTS:
        of_centres = (
            people.CentreHolidaysSet,
            people.CentreVisitsReplanned,
            people.NextLookSet,
            people.CentreCalendarFeedOpened,
            people.CentreCalendarFeedWithdrawn,
        )
        subject = "centre" if fact in of_centres else "person_id"
    elif fact.__module__ == notices.__name__ and fact.__name__.startswith("Digest"):
        subject = "person_id"
    elif fact in (control.StandingOrderNoted, control.StandingOrderEnded):
        subject = "order_case_id"
    else:
        subject = "p_number" if fact.__name__ in OF_UNITS else "agreement_id"
    assert subject in fact.model_fields
    assert fact.model_fields[subject].is_required()


def test_no_fact_shows_a_name_or_a_text_at_any_depth() -> None:
    schemas = asyncapi.document()["components"]["schemas"]
    fields = {f"{schema}.{name}": field for schema in schemas for name, field in properties(schemas[schema]).items()}
    texts = {where for where, field in fields.items() if is_open_text(field)}
    assert "Accepted.reason" in texts
    assert {where for where in texts if where.split(".")[1] not in CODED_TEXT} == NAMES_THAT_ARE_PUBLIC


@pytest.mark.parametrize("fact", [fact for contract in OURS.values() for fact in facts_of(contract)])
def test_what_is_private_stands_at_the_top_and_can_be_missing(fact: type[Event]) -> None:
    private = private_fields(fact)
    for name in private:
        assert not fact.model_fields[name].is_required()
        assert fact.model_fields[name].default is None
    for name, field in fact.model_fields.items():
        hidden = [
            one for inner in inner_fields(field.annotation) for one in inner.metadata if isinstance(one, PrivatePart)
        ]
        assert hidden == [], f"{name} has a private part within"


def properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("properties", {})
    return found


def is_open_text(schema: Any) -> bool:
    """Whether any string may stand here, or within it."""
    if schema.get("type") == "string":
        return not {"format", "enum", "const", "pattern"} & set(schema)
    parts = [*schema.get("anyOf", ()), *(schema[name] for name in ("items", "additionalProperties") if name in schema)]
    return any(is_open_text(part) for part in parts if isinstance(part, Mapping))


def inner_fields(annotation: Any) -> list[FieldInfo]:
    """The fields of every model within a type, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = list(annotation.model_fields.values())
        return [*fields, *(inner for field in fields for inner in inner_fields(field.annotation))]
    return [inner for argument in get_args(annotation) for inner in inner_fields(argument)]
