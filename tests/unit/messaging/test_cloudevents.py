"""A fact survives its way over Kafka, and what is no fact is told apart from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from shared.messaging.cloudevents import Message, read
from shared.messaging.errors import Undecodable

FULL = Message(
    source="offers",
    stream=UUID(int=1),
    epoch=2,
    version=3,
    event_id=UUID(int=4),
    type="Sent",
    schema_version=5,
    occurred_at=datetime(2026, 3, 5, 12, 0, 0, 123456, tzinfo=UTC),
    recorded_at=datetime(2026, 3, 5, 12, 0, 1, tzinfo=UTC),
    body='{"note": "smørrebrød"}',
    actor="i-1",
    on_behalf_of="i-2",
    policy="2024-01-01",
    traceparent=f"00-{1:032x}-{1:016x}-01",
    causation=f"guidance/{UUID(int=1)}/2",
    command_id=UUID(int=7),
    concerns={"cvr": "12345678", "pnumber": "1234567890"},
)
BARE = replace(
    FULL, actor="", on_behalf_of=None, policy=None, traceparent=None, causation=None, command_id=None, concerns={}
)


def sent(message: Message) -> dict[str, bytes | None]:
    return dict(message.headers())


@pytest.mark.parametrize("message", [FULL, BARE])
def test_a_message_survives_its_headers(message: Message) -> None:
    assert read(message.headers(), message.body.encode()) == message


def test_the_headers_are_those_of_cloudevents_in_binary_mode() -> None:
    headers = {name: value.decode() for name, value in FULL.headers()}
    assert headers["ce_specversion"] == "1.0"
    assert headers["content-type"] == "application/json"
    assert (headers["ce_source"], headers["ce_subject"], headers["ce_sequence"]) == ("offers", str(UUID(int=1)), "3")
    assert (headers["ce_actor"], headers["ce_onbehalfof"]) == ("i-1", "i-2")
    assert (headers["ce_cvr"], headers["ce_pnumber"]) == ("12345678", "1234567890")
    assert headers["traceparent"] == headers["ce_traceparent"] == FULL.traceparent


def test_times_are_sent_in_utc() -> None:
    danish = replace(FULL, occurred_at=FULL.occurred_at.astimezone(timezone(timedelta(hours=1))))
    assert sent(danish)["ce_time"] == b"2026-03-05T12:00:00.123456+00:00"


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_sequence", "ce_epoch"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = {key: value for key, value in sent(FULL).items() if key != name}
    with pytest.raises(Undecodable, match=name):
        read(headers.items(), b"{}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_id", b"x"),
        ("ce_id", None),
        ("ce_sequence", b"0"),
        ("ce_sequence", b"2147483648"),
        ("ce_epoch", b"-1"),
        ("ce_schemaversion", b"32768"),
        ("ce_time", b"2026-03-05T12:00:00"),
        ("ce_recordedtime", b"yesterday"),
        ("ce_cvr", b"1\x00"),
        ("ce_\x00", b"1"),
    ],
)
def test_a_header_that_no_fact_can_have_is_not_decoded(name: str, value: bytes | None) -> None:
    with pytest.raises(Undecodable):
        read({**sent(FULL), name: value}.items(), b"{}")


def test_headers_that_it_does_not_know_do_no_harm() -> None:
    assert read([*FULL.headers(), ("baggage", b"\xff"), ("reply_to", None)], FULL.body.encode()) == FULL


@pytest.mark.parametrize("body", [None, b"", b"{", b"[]", b"1", b"\x00", b"\xff"])
def test_a_body_that_is_no_json_object_is_said_when_it_is_asked_for(body: bytes | None) -> None:
    message = read(FULL.headers(), body)
    with pytest.raises(Undecodable):
        message.data()
    assert "\x00" not in message.body
