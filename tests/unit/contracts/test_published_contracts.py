"""docs/contracts says what the code does, and takes back nothing that was released."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from deploy.contracts.breaking import breaking_changes
from deploy.contracts.files import PUBLISHED, RELEASED, build_all, read
from deploy.contracts.intended_breaks import INTENDED
from services.serve import service_module
from shared.contracts import control, guidance, notices, offers, orders, people, register
from shared.eventstore.events import private_fields
from shared.http.bodies import Body
from shared.messaging.bus import Kafka, RepublishRequest
from shared.messaging.heads import Heads, HeadsRequest
from shared.policy.policies import POLICY_FILES
from shared.service import Settings

SERVICES = ("offers", "guidance", "control", "notices", "reporting")
FACTS = (
    *offers.FACTS,
    *guidance.FACTS,
    *control.FACTS,
    *notices.FACTS,
    *people.FACTS,
    *orders.FACTS,
    *register.FACTS,
)


@pytest.fixture(scope="module")
def current() -> dict[str, str]:
    return build_all()


@pytest.fixture(scope="module")
def published() -> Mapping[str, Any]:
    return read(PUBLISHED)


def commands(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The operations that change something in a case, by their path."""
    return {
        path: operations["post"]
        for path, operations in document["paths"].items()
        if "post" in operations and not path.startswith("/v1/operations/")
    }


def parameters(operation: Mapping[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ())}


def test_what_is_published_is_what_the_code_does(current: dict[str, str]) -> None:
    outdated = [name for name, text in current.items() if (PUBLISHED / name).read_text(encoding="utf-8") != text]
    assert outdated == [], "run: python -m deploy.contracts"
    assert {file.name for file in PUBLISHED.glob("*.json")} == set(current)


def test_nothing_that_was_released_is_taken_back(published: Mapping[str, Any]) -> None:
    broken = {name: breaking_changes(old, published[name]) for name, old in read(RELEASED).items()}
    meant = {name: set(changes) for name, changes in INTENDED.items()}
    assert {name: set(changes) for name, changes in broken.items() if changes} == meant, (
        "keep it, or agree with all who rely on it, list it in deploy/contracts/intended_breaks.py and in CHANGELOG.md"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_a_short_name_of_its_own_and_one_tag(service: str, published: Mapping[str, Any]) -> None:
    operations = [
        operation
        for methods in published[f"openapi-{service}.json"]["paths"].values()
        for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert [name for name in names if len(name) > 30 or "v1" in name] == []
    assert [operation["operationId"] for operation in operations if len(operation["tags"]) != 1] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_property_and_parameter_has_a_description_and_an_example(
    service: str, published: Mapping[str, Any]
) -> None:
    document = published[f"openapi-{service}.json"]
    schemas = document["components"]["schemas"]
    bare = [
        f"{name}.{own}"
        for name, schema in schemas.items()
        for own, described in schema.get("properties", {}).items()
        if not described.get("description") or "examples" not in described
    ]
    assert bare == [], "describe it where it is declared, or name the model in its row of shared/http/properties.csv"
    assert [name for name, schema in schemas.items() if "enum" in schema and not schema.get("description")] == []
    assert [name for name, schema in schemas.items() if "enum" in schema and "examples" not in schema] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_of_json_is_read_by_the_strict_base(service: str, tmp_path: Path) -> None:
    """A route whose body has another base would let unknown fields, and values of other types, through."""
    nowhere = Settings(postgres="", kafka=Kafka(""), state=tmp_path, virtual_clock=False)
    made = service_module(service).app(nowhere)
    fields = [getattr(known, "body_field", None) for known in iter_route_contexts(made.routes)]
    read = [field.field_info.annotation for field in fields if field is not None]
    assert [body for body in read if not (isinstance(body, type) and issubclass(body, Body))] == []
    assert read


@pytest.mark.parametrize("service", ["offers", "guidance", "control"])
def test_what_a_command_demands_is_said_to_be_required(service: str, published: Mapping[str, Any]) -> None:
    for path, operation in commands(published[f"openapi-{service}.json"]).items():
        asked = {parameter["name"]: parameter for parameter in operation["parameters"]}
        assert asked["Idempotency-Key"]["required"] is True, path
        assert asked.get("If-Match", {"required": True})["required"] is True, path
        assert (asked["dry_run"]["schema"]["type"], asked["dry_run"]["schema"]["default"]) == ("boolean", False), path


NOT_RELEASED_YET = {"openapi-notices.json"}
"""Contracts of services that the release before did not have."""


def test_every_contract_has_a_release_to_be_compared_with(published: Mapping[str, Any]) -> None:
    assert set(read(RELEASED)) | NOT_RELEASED_YET == set(published)


FOR_WHO_KNOWS_IT = {"/v1/calendar/feeds/{token}.ics"}
"""Paths that hold a secret themselves, for programs that send no bearer token."""


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_who_may_ask_and_how_it_fails(service: str, published: Mapping[str, Any]) -> None:
    for path, operations in published[f"openapi-{service}.json"]["paths"].items():
        for operation in operations.values():
            assert operation.get("security", []) == ([] if path in FOR_WHO_KNOWS_IT else [{"bearer": []}]), path
            assert operation["description"], path
            failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert {"400", "401", "403", "408", "413", "422", "431", "500", "503"} <= set(failures), path
            assert all(list(answer["content"]) == ["application/problem+json"] for answer in failures.values()), path


ON_SEVERAL_CASES = {"/v1/people/{person_id}/hand-over", "/v1/calendar/exchange", "/v1/holds"}
"""Commands on several cases: they name no version, and report on each case in a form of their own."""


@pytest.mark.parametrize("service", ["offers", "guidance", "control"])
def test_every_command_says_that_it_is_idempotent_and_can_be_tried(service: str, published: Mapping[str, Any]) -> None:
    found = commands(published[f"openapi-{service}.json"])
    assert found
    for path, operation in found.items():
        assert {"Idempotency-Key", "dry_run", "Consistency-Token"} <= parameters(operation), path
        assert {"400", "409", "413"} <= set(operation["responses"]), path
        told = {"ETag", "Consistency-Token"} if path not in ON_SEVERAL_CASES else set()
        assert set(operation["responses"]["200"].get("headers", ())) == told, path


@pytest.mark.parametrize("service", ["offers", "guidance", "control"])
def test_every_command_that_changes_a_case_names_its_version(service: str, published: Mapping[str, Any]) -> None:
    for path, operation in commands(published[f"openapi-{service}.json"]).items():
        named = any(parameter in path for parameter in ("{agreement_id}", "{person_id}", "{centre}"))
        changes = named and path not in ON_SEVERAL_CASES
        assert ("If-Match" in parameters(operation)) == changes, path
        assert ({"404", "412", "428"} <= set(operation["responses"])) == changes, path


def test_for_whom_somebody_acted_is_told_beside_every_fact(published: Mapping[str, Any]) -> None:
    headers = published["asyncapi.json"]["components"]["messageTraits"]["cloudevent"]["headers"]["properties"]
    assert "stood in" in headers["ce_onbehalfof"]["description"]


def test_other_systems_are_told_how_they_are_asked_for_what_is_missing(published: Mapping[str, Any]) -> None:
    document = published["asyncapi.json"]
    assert set(document["channels"]["republish"]["messages"]) == {"RepublishRequest", "HeadsRequest"}
    assert set(document["channels"]["heads"]["messages"]) == {"Heads"}
    assert set(document["components"]["schemas"]["RepublishRequest"]["required"]) == {
        "source",
        "stream",
        "from_version",
    }


@pytest.mark.parametrize("service", ["offers", "control"])
def test_files_are_bytes_that_are_put_and_read(service: str, published: Mapping[str, Any]) -> None:
    paths = published[f"openapi-{service}.json"]["paths"]
    (attachment,) = (operations for path, operations in paths.items() if path.endswith("/attachments/{sha256}"))
    assert set(attachment) == {"put", "get"}
    for content in (attachment["put"]["requestBody"]["content"], attachment["get"]["responses"]["200"]["content"]):
        assert content == {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    assert {"404", "410", "413"} <= set(attachment["put"]["responses"])


_NOT_IN_EVERY_FILE = {
    "target_days",
    "day_spread",
    "draw_fraction",
    "least_days",
    "late_days_drawn_from",
    "carried_over_to_new_owner",
    "choose_within_days",
    "recent_visit_days",
}
"""R18: files of before days were drawn say the first, and newer ones may say the others. R40, R12: and the last two."""


_SECTIONS_OF_LATER_FILES = {"planning", "calendar_feeds", "notices"}
"""R17: a file that has been in force is never changed; without the section its defaults hold."""


def test_the_policies_that_come_with_it_follow_their_published_schema(published: Mapping[str, Any]) -> None:
    schema = published["policy.schema.json"]
    for file in POLICY_FILES.glob("*.toml"):
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        assert set(schema["required"]) <= set(content)
        assert set(content) | _SECTIONS_OF_LATER_FILES == set(schema["properties"])
        for name, section in content.items():
            if isinstance(section, dict):
                described = schema["$defs"][schema["properties"][name]["$ref"].removeprefix("#/$defs/")]
                required, known = set(described.get("required", ())), set(described["properties"])
                assert required <= set(section) <= known
                assert (
                    name in ("authority", "input", *_SECTIONS_OF_LATER_FILES) or known - required <= _NOT_IN_EVERY_FILE
                )


def test_every_fact_is_published_with_its_meaning_and_without_its_private_part(published: Mapping[str, Any]) -> None:
    components = published["asyncapi.json"]["components"]
    assert set(components["messages"]) == {fact.__name__ for fact in FACTS} | {
        RepublishRequest.__name__,
        HeadsRequest.__name__,
        Heads.__name__,
    }
    for fact in FACTS:
        assert components["messages"][fact.__name__]["summary"]
        public = set(fact.model_fields) - set(private_fields(fact))
        assert set(components["schemas"][fact.__name__]["properties"]) == public
    assert "FileReference" not in components["schemas"]
