"""What a property means is told by model and name: one name may mean two things (`ended_at` of a case, of a work)."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

from deploy.contracts.files import PUBLISHED, read
from shared.http import described_properties
from shared.http.described_properties import EVERY_MODEL, describe, descriptions

IDENTIFIERS = {"cvr", "p_number", "topic", "inspector"}
"""Beside ids, the only properties that mean the same in whatever model they stand."""


def published_properties() -> set[tuple[str, str]]:
    """Every property of every schema, with the schema's name."""
    return {
        (model, name)
        for file, document in read(PUBLISHED).items()
        if file.startswith("openapi-")
        for model, schema in document["components"]["schemas"].items()
        for name in schema.get("properties", {})
    }


def test_a_property_of_a_new_model_gets_no_meaning_from_another_model() -> None:
    assert ("CaseItem", "ended_at") in descriptions()
    schemas: dict[str, Any] = {
        model: {"properties": {"ended_at": {"type": "string"}, "case_id": {"type": "string"}}}
        for model in ("CaseItem", "NewView")
    }
    describe(schemas)
    assert schemas["CaseItem"]["properties"]["ended_at"]["description"].startswith("When the case ended")
    assert "description" not in schemas["NewView"]["properties"]["ended_at"]
    assert schemas["NewView"]["properties"]["case_id"]["description"] == "The case."


def test_only_identifiers_mean_the_same_in_every_model() -> None:
    everywhere = {name for model, name in descriptions() if model == EVERY_MODEL}
    assert {name for name in everywhere if not name.endswith("_id") and name not in IDENTIFIERS} == set()
    assert {name for model, name in descriptions() if model != EVERY_MODEL} & everywhere == set()


def test_every_row_is_about_a_property_that_is_published_and_none_is_told_twice() -> None:
    names = {name for _, name in published_properties()}
    known = {(model, name) for model, name in descriptions() if model != EVERY_MODEL}
    assert known - published_properties() == set()
    assert {name for model, name in descriptions() if model == EVERY_MODEL} - names == set()
    with Path(described_properties.__file__).with_name("properties.csv").open(encoding="utf-8", newline="") as lines:
        told = Counter(
            (model, row["property"]) for row in csv.DictReader(lines, delimiter=";") for model in row["models"].split()
        )
    assert [key for key, times in told.items() if times > 1] == []
