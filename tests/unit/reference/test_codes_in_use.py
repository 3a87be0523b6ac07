"""A code is given while it is used, and read for ever; OpenAPI names those that may be given."""

import csv
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter, ValidationError

from deploy.contracts.files import PUBLISHED, read
from services.control.http.reference_routes import every_list
from services.offers.service import app
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.reference import identifiers, reference
from shared.reference.errors import FaultyReference
from shared.reference.identifiers import ENUMERATED, day_of_command
from shared.reference.reference import CODE_LISTS, REFERENCE_FILES, Term, read_terms
from shared.service import Settings

KINDS: dict[str, Any] = {
    "topics": identifiers.TopicCode,
    "measure_kinds": identifiers.MeasureKind,
    "acceptance_reasons": identifiers.AcceptanceReason,
    "decline_reasons": identifiers.DeclineReason,
    "guidance_decline_reasons": identifiers.GuidanceDeclineReason,
    "termination_reasons": identifiers.TerminationReason,
    "non_use_reasons": identifiers.NonUseReason,
    "delivery_failures": identifiers.DeliveryFailure,
    "guidance_purposes": identifiers.GuidancePurpose,
    "participants": identifiers.ParticipantRole,
    "control_form_reasons": identifiers.FormReason,
    "control_late_reasons": identifiers.LateReason,
    "undecided_reasons": identifiers.UndecidedReason,
}


@pytest.fixture
def first_codes_had_their_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The first code of every list was used from 1 February 2024 to 31 March 2026."""
    folder = tmp_path / "reference"
    shutil.copytree(REFERENCE_FILES, folder)
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        rows[0] |= {"valid_from": "2024-02-01", "valid_to": "2026-03-31"}
        with file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    monkeypatch.setattr(reference, "REFERENCE_FILES", folder)
    _forget()
    yield
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    for lookup in CODE_LISTS.values():
        lookup.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.rule("R1", "R16", "R18", "R36")
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("day", "fault"),
    [
        (date(2024, 1, 31), "code_not_begun"),
        (date(2024, 2, 1), None),
        (date(2026, 3, 31), None),
        (date(2026, 4, 1), "code_ended"),
        (None, None),
    ],
)
def test_a_code_is_given_on_the_days_on_which_it_is_used(
    first_codes_had_their_time: None, name: str, day: date | None, fault: str | None
) -> None:
    """Where nothing is commanded, no day is asked for: an old case is found by its old code."""
    code = next(iter(CODE_LISTS[name]()))
    reader: TypeAdapter[Any] = TypeAdapter(KINDS[name])
    token = day_of_command.set(None if day is None else lambda: day)
    try:
        if fault is None:
            assert reader.validate_python(code) == code
        else:
            with pytest.raises(ValidationError) as refused:
                reader.validate_python(code)
            assert [found["type"] for found in refused.value.errors()] == [fault]
    finally:
        day_of_command.reset(token)


@pytest.mark.rule("R1")
def test_a_command_with_a_code_of_before_is_refused_by_its_name_and_the_day(
    first_codes_had_their_time: None, tmp_path: Path
) -> None:
    offers = app(Settings(postgres="", kafka=Kafka(""), state=tmp_path, virtual_clock=False))
    client = TestClient(offers, raise_server_exceptions=False)
    token = LocalIssuer(tmp_path).token(Role.INSPECTOR, "anna")
    topic = next(iter(reference.topics().values()))
    for language, name, day in (("da", topic.danish, "31. marts 2026"), ("en", topic.english, "31 March 2026")):
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        answer = client.post("/v1/offers", json={"topic": topic.code}, headers=headers)
        assert answer.status_code == 422
        (told,) = (fault for fault in answer.json()["faults"] if fault["where"] == "body.topic")
        assert name in told["what"]
        assert day in told["what"]
        assert told["rule"] == "R1"


def test_a_code_that_is_used_no_longer_keeps_its_name_and_says_its_days(first_codes_had_their_time: None) -> None:
    for listed in every_list():
        if listed.name in CODE_LISTS:
            first = listed.codes[0]
            assert (first.valid_from, first.valid_to) == (date(2024, 2, 1), date(2026, 3, 31))
            assert first.danish
            assert all((code.valid_from, code.valid_to) == (None, None) for code in listed.codes[1:])


@pytest.mark.parametrize("file", sorted(REFERENCE_FILES.glob("*.csv")), ids=lambda file: file.stem)
def test_every_file_says_from_when_to_when_its_codes_are_used(file: Path) -> None:
    """Where nothing is known, a code was always used and has no end: nothing is written there."""
    with file.open(encoding="utf-8", newline="") as lines:
        assert {"valid_from", "valid_to"} <= set(csv.DictReader(lines).fieldnames or ())


@pytest.mark.parametrize("days", [("2026-01-01", "2025-12-31"), ("soon", ""), ("", "2026-02-30")])
def test_days_that_cannot_be_are_told_with_their_line(tmp_path: Path, days: tuple[str, str]) -> None:
    file = tmp_path / "sectors.csv"
    file.write_text(f"code,danish,english,made_up,valid_from,valid_to\na,A,A,no,{days[0]},{days[1]}\n", "utf-8")
    with pytest.raises(FaultyReference, match=r"sectors.csv, line 2"):
        read_terms(file, Term)


def _schemas(part: Any) -> Iterator[Mapping[str, Any]]:
    """Every schema within a document."""
    if isinstance(part, Mapping):
        yield part
        for inner in part.values():
            yield from _schemas(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _schemas(inner)


def test_openapi_names_the_codes_of_every_closed_list_and_no_pattern_stands_for_one() -> None:
    documents = [
        read(PUBLISHED)[f"openapi-{name}.json"] for name in ("offers", "guidance", "control", "notices", "reporting")
    ]
    facts = read(PUBLISHED)["asyncapi.json"]
    schemas = [schema for document in (*documents, facts) for schema in _schemas(document)]
    named = {tuple(sorted(schema["enum"])) for schema in schemas if isinstance(schema.get("enum"), list)}
    constants = {(schema["const"],) for schema in schemas if isinstance(schema.get("const"), str)}
    for listed in every_list():
        codes = tuple(sorted(code.code for code in listed.codes))
        assert (codes in named or codes in constants) == listed.closed, listed.name
    assert set(KINDS) == ENUMERATED
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for document in documents
        for operations in document["paths"].values()
        for operation in operations.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    assert len(bodies) > 30
    patterns = [schema for schema in schemas if str(schema.get("pattern", "")).startswith("^[a-z][a-z0-9_-]")]
    assert [schema for schema in patterns if "enum" not in schema] == []
