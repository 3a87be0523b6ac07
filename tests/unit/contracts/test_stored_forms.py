"""Every form in which a fact was ever stored can be read, and nothing that stands in it is lost (R30).

`stored_forms.jsonl` holds one line for each: with as little and with as much as a release has written. Lines are added
and never changed: a log keeps what it was given. The kept releases hold what earlier ones have really stored.
"""

import json
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from deploy.rulebook.example_facts import full, least
from shared.contracts import control, guidance, offers, orders, people, register
from shared.eventstore.events import Event, EventTypes
from tests.upgrade.kept_release import FOLDER

pytestmark = pytest.mark.rule("R30")
FILE = Path(__file__).with_name("stored_forms.jsonl")
FACTS = (*offers.FACTS, *guidance.FACTS, *control.FACTS, *people.FACTS, *orders.FACTS, *register.FACTS)
TYPES = EventTypes(FACTS)
_ROWS = re.compile(r"^INSERT INTO (?:\w+\.events_\d+|reporting\.facts) VALUES\n(.*?);\n", re.MULTILINE | re.DOTALL)
_FACT = re.compile(r"'(?P<type>[A-Z]\w+)', (?P<schema_version>\d+), '(?P<data>\{(?:[^']|'')*\})', ")


class StoredForm(BaseModel):
    """A fact as it stands in a store."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: str
    schema_version: int
    data: dict[str, Any]


def kept_forms() -> list[StoredForm]:
    """Those of the file."""
    return [StoredForm.model_validate_json(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def released_forms() -> Iterator[StoredForm]:
    """Those in the logs and the copies of every release that is kept."""
    for dump in sorted(FOLDER.glob("release-*/dump.sql.xz")):
        for rows in _ROWS.findall(lzma.decompress(dump.read_bytes()).decode()):
            for row in _FACT.finditer(rows):
                yield StoredForm.model_validate(row.groupdict() | {"data": json.loads(row["data"].replace("''", "'"))})


def lost(stored: Any, read: Any) -> Any:
    """What stands in a form and does not come back: nothing, where it was read in full. Absent values have defaults."""
    if isinstance(stored, dict) and isinstance(read, dict):
        return {
            name: gone for name, value in stored.items() if (gone := lost(value, read.get(name))) is not None
        } or None
    if isinstance(stored, list) and isinstance(read, list) and len(stored) == len(read):
        return [gone for one, other in zip(stored, read, strict=True) if (gone := lost(one, other)) is not None] or None
    return None if stored == read else stored


def restored(form: StoredForm) -> dict[str, Any]:
    """The same as this release reads it."""
    return TYPES.restore(form.type, form.data, form.schema_version).model_dump(mode="json")


def as_kept(fact: Event) -> str:
    """A line for the file."""
    data = fact.model_dump(mode="json", exclude_unset=True)
    kept = StoredForm(type=type(fact).__name__, schema_version=fact.schema_version, data=data)
    return kept.model_dump_json()


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_a_form_of_every_version_of_every_fact_is_kept(fact: type[Event]) -> None:
    kept = {form.schema_version for form in kept_forms() if form.type == fact.__name__}
    lines = "\n".join((as_kept(least(fact)), as_kept(full(fact))))
    assert kept == set(range(1, fact.schema_version + 1)), f"add to {FILE.name}:\n{lines}"


@pytest.mark.parametrize("form", kept_forms(), ids=lambda form: f"{form.type}-{form.schema_version}-{len(form.data)}")
def test_a_kept_form_is_read_in_full(form: StoredForm) -> None:
    assert lost(form.data, restored(form)) is None


def test_what_kept_releases_have_stored_is_read_in_full() -> None:
    forms = list(released_forms())
    assert len({form.type for form in forms}) > 50
    assert [(form.type, gone) for form in forms if (gone := lost(form.data, restored(form)))] == []


def test_a_value_that_does_not_come_back_is_told() -> None:
    stored = {"cvr": "13748136", "places": [{"slot": 2}, {"slot": 1}], "at": None}
    assert lost(stored, {**stored, "later": 1}) is None
    assert lost(stored, {**stored, "places": [{"slot": 1}, {"slot": 1}]}) == {"places": [{"slot": 2}]}
    assert lost(stored, {"places": stored["places"]}) == {"cvr": "13748136"}
