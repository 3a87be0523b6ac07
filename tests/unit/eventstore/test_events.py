"""What of an event may be published, what is private and about whom, and how old words are read."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.eventstore.errors import UnknownEventType
from shared.eventstore.events import Event, EventTypes, Metadata, PrivatePart


class Noted(Event):
    """Somebody wrote something."""

    schema_version: ClassVar[int] = 2
    number: int
    person: str
    note: Annotated[str | None, PrivatePart()] = None
    name: Annotated[str | None, PrivatePart(about="person")] = None
    street: Annotated[str | None, PrivatePart(about="person")] = None

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        return {**data, "number": data["count"]} if schema_version < 2 else data


class Plain(Event):
    """Nothing of it is private."""

    number: int


FULL = Noted(number=1, person="p1", note="a note", name="Ada", street="Street 1")


def test_the_public_part_holds_nothing_private() -> None:
    assert FULL.public_json() == '{"number":1,"person":"p1"}'


def test_private_parts_are_sorted_by_whom_they_are_about() -> None:
    assert FULL.private_parts() == {"": {"note": "a note"}, "p1": {"name": "Ada", "street": "Street 1"}}


def test_absent_private_parts_are_left_out() -> None:
    assert Noted(number=1, person="p1", name="Ada").private_parts() == {"p1": {"name": "Ada"}}
    assert Noted(number=1, person="p1").private_parts() == {}
    assert Plain(number=1).private_parts() == {}


def test_the_public_part_reads_back_without_the_private_one() -> None:
    read = EventTypes([Noted, Plain]).restore("Noted", {"number": 1, "person": "p1"}, 2)
    assert read == Noted(number=1, person="p1")


def test_an_older_schema_version_is_lifted_and_a_newer_one_read_as_far_as_it_is_known() -> None:
    types = EventTypes([Noted])
    assert types.restore("Noted", {"count": 7, "person": "p1"}, 1) == Noted(number=7, person="p1")
    assert types.restore("Noted", {"number": 7, "person": "p1", "new": True}, 3) == Noted(number=7, person="p1")


def test_an_unknown_type_and_data_that_do_not_fit_are_two_things() -> None:
    types = EventTypes([Noted])
    assert "Noted" in types
    assert "Plain" not in types
    with pytest.raises(UnknownEventType):
        types.restore("Plain", {"number": 1}, 1)
    with pytest.raises(ValidationError):
        types.restore("Noted", {"number": "many", "person": "p1"}, 2)


def test_a_fact_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        FULL.number = 2  # type: ignore[misc]


def test_metadata_leaves_out_what_is_absent() -> None:
    assert Metadata(command_id=UUID(int=1), actor="i-1", policy="2024-01-01").as_dict() == {
        "command_id": str(UUID(int=1)),
        "actor": "i-1",
        "policy": "2024-01-01",
    }
