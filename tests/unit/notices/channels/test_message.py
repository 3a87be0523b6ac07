"""A message keeps its id, and a return address can be made by nobody without the key (R4, R29)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notices.rules.message import (
    Attachment,
    Message,
    message_id,
    one_line,
    return_address,
    returned_message,
    thread_id,
)

MATTER = UUID("01900000-0000-7000-8000-00000000000a")
DOMAIN = "retur.example.dk"
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ID = message_id(KEY, MATTER, 3)
ADDRESS = return_address(DOMAIN, ID, KEY)


@pytest.mark.rule("R29")
def test_the_id_of_a_message_is_always_the_same_and_another_for_each_round() -> None:
    assert message_id(KEY, MATTER, 3) == "5xz6eqmza5xr6fqrwj5i2d3vsmnokhvl@notices.aftale.invalid"
    assert len({message_id(KEY, MATTER, number) for number in range(100)}) == 100


@pytest.mark.rule("R31")
def test_nobody_without_the_key_can_tell_to_which_matter_an_id_belongs() -> None:
    assert message_id(KEY, MATTER, 3) != message_id(OTHER_KEY, MATTER, 3)
    assert MATTER.hex not in ID
    assert MATTER.hex not in thread_id(KEY, MATTER)


@pytest.mark.parametrize("number", [-1, 10_000])
def test_a_round_that_is_out_of_bounds_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="at most"):
        message_id(KEY, MATTER, number)


def test_all_messages_of_a_case_refer_to_one_that_was_never_sent() -> None:
    assert thread_id(KEY, MATTER) == thread_id(KEY, MATTER)
    assert thread_id(KEY, MATTER).endswith("@case.notices.aftale.invalid")
    with pytest.raises(ValueError, match="not the id of a notice"):
        return_address(DOMAIN, thread_id(KEY, MATTER), KEY)


def test_the_repr_of_a_message_has_no_address_and_no_text() -> None:
    letter = Attachment("brev.pdf", "application/pdf", b"PLANTED")
    told = Message(
        message_id=ID,
        told_by=MATTER,
        to="PLANTED@example.dk",
        at=datetime(2026, 3, 5, tzinfo=UTC),
        subject="PLANTED",
        text="PLANTED",
        html="PLANTED",
        has_legal_effect=False,
        attachments=(letter,),
    )
    assert "PLANTED" not in repr(told)


@pytest.mark.rule("R4")
@given(st.uuids(), st.integers(0, 9_999))
def test_a_return_address_leads_back_to_its_message(matter: UUID, number: int) -> None:
    told = message_id(KEY, matter, number)
    address = return_address(DOMAIN, told, KEY)
    assert len(address.partition("@")[0]) <= 64, "the most that RFC 5321 allows"
    for written in (address, address.upper()):
        assert returned_message(written, DOMAIN, [KEY]) == told


@pytest.mark.rule("R4")
def test_every_altered_character_of_a_return_address_is_seen() -> None:
    local, _, domain = ADDRESS.partition("@")
    altered = [
        f"{local[:place]}{other}{local[place + 1 :]}@{domain}"
        for place in range(len(local))
        for other in "02a7z."
        if local[place] != other
    ]
    assert len(altered) > 200
    assert [one for one in altered if returned_message(one, DOMAIN, [KEY]) is not None] == []


@pytest.mark.rule("R4")
@pytest.mark.parametrize(
    "address",
    [
        return_address(DOMAIN, ID, OTHER_KEY),
        return_address("other.example.dk", ID, KEY),
        return_address("other.example.dk", ID, KEY).replace("other", "retur"),
        ADDRESS.replace(ID[:32], message_id(KEY, MATTER, 4)[:32]),
        ADDRESS.rpartition(".")[0],
        ADDRESS + "\n",
        f"x{ADDRESS}",
        "",
        "@",
        "post@retur.example.dk",
    ],
)
def test_a_forged_return_address_leads_nowhere(address: str) -> None:
    assert returned_message(address, DOMAIN, [KEY]) is None


@pytest.mark.rule("R4")
def test_the_former_key_is_valid_until_it_is_taken_away() -> None:
    assert returned_message(ADDRESS, DOMAIN, [OTHER_KEY, KEY]) == ID
    assert returned_message(ADDRESS, DOMAIN, [OTHER_KEY]) is None


@given(st.text())
def test_no_text_breaks_out_of_its_header(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in line)


def test_what_is_said_stays() -> None:
    assert one_line("Tilbud til\r\nBørnehuset  Æblehaven\tpå vej\n") == "Tilbud til Børnehuset Æblehaven på vej"
