"""What operators are shown of parked messages, over HTTP."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.orders import SOURCE
from shared.http.request_limits import InputLimits
from shared.http.tokens import Role, pseudonym
from shared.messaging.cloudevents import Message
from shared.policy.policy import Input
from tests.integration.services.control_running import NOW, Control

BO = pseudonym(Role.INSPECTOR, "bo")
PARKED = "/v1/operations/control/parked"


def message(stream: UUID, version: int, body: str = '{"some": "fact"}') -> Message:
    """Of the order system; control has no class for it and lets it pass."""
    return Message(
        source=SOURCE,
        stream=stream,
        epoch=1,
        version=version,
        event_id=uuid4(),
        type="Unheard",
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body=body,
        concerns={"cvr": "13748136"},
    )


async def take(control: Control, *messages: Message) -> None:
    await control.runtime.consumers["*"].take_messages(messages)


async def get(control: Control, path: str, role: Role = Role.OPERATOR) -> Any:
    return await control.client.get(path, headers=control.asker(role))


async def test_the_list_says_how_many_messages_wait_in_each_stream(control: Control) -> None:
    gapped, poisoned = uuid4(), uuid4()
    await take(control, *(message(gapped, version) for version in (2, 3, 5)))
    await take(control, message(poisoned, 1, "{not json"))
    listed = (await get(control, PARKED)).json()
    assert [(one["stream"], one["version"], one["reason"], one["waiting"]) for one in listed] == [
        (str(gapped), 2, "hole", 3),
        (str(poisoned), 1, "poison", 1),
    ]


async def test_the_messages_of_a_parked_stream_are_shown_page_by_page(control: Control) -> None:
    stream = uuid4()
    await take(control, message(stream, 2), message(stream, 3, "[1]"), message(stream, 5))
    first = (await get(control, f"{PARKED}/{SOURCE}/{stream}?limit=2")).json()
    assert (first["source"], first["stream"], first["waiting"]) == (SOURCE, str(stream), 3)
    assert [(one["version"], one["reason"], one["body"]) for one in first["messages"]] == [
        (2, "hole", {"some": "fact"}),
        (3, "waiting", "[1]"),
    ]
    assert first["messages"][0]["detail"] == "version 1 is missing"
    assert first["messages"][0]["headers"]["ce_cvr"] == "13748136"
    second = (await get(control, f"{PARKED}/{SOURCE}/{stream}?limit=2&cursor={first['next_cursor']}")).json()
    assert ([one["version"] for one in second["messages"]], second["next_cursor"]) == ([5], None)


async def test_what_is_not_there_or_not_for_the_asker_is_not_shown(control: Control) -> None:
    stream = uuid4()
    await take(control, message(stream, 2))
    for asked, role, status in (
        (f"{stream}?cursor=1.2", Role.OPERATOR, 422),
        (f"{stream}?cursor=1.99999999999.{uuid4()}", Role.OPERATOR, 422),
        (f"{stream}", Role.INSPECTOR, 403),
        (f"{stream}", Role.COMPANY, 403),
        (f"{uuid4()}", Role.OPERATOR, 404),
    ):
        assert (await get(control, f"{PARKED}/{SOURCE}/{asked}", role)).status_code == status


async def test_a_message_is_shown_however_odd_its_body_is(control: Control) -> None:
    stream, odd = uuid4(), [r'{"text": "\ud800"}', '{"deep": ' + "[" * 3000 + "]" * 3000 + "}"]
    await take(control, *(message(stream, version, body) for version, body in enumerate(odd, 2)))
    shown = await get(control, f"{PARKED}/{SOURCE}/{stream}")
    assert shown.status_code == 200
    assert [one["body"] for one in shown.json()["messages"]] == odd


async def test_streams_that_wait_come_page_by_page_and_the_header_says_where_the_next_begins(control: Control) -> None:
    streams = [uuid4() for _ in range(3)]
    await take(control, *(message(stream, 2) for stream in streams))
    whole = await get(control, PARKED)
    assert "Next-Cursor" not in whole.headers
    read, cursor = [], ""
    while True:
        page = await get(control, f"{PARKED}?limit=1{cursor}")
        read += page.json()
        if "Next-Cursor" not in page.headers:
            break
        cursor = f"&cursor={page.headers['Next-Cursor']}"
    assert read == whole.json()
    assert {one["stream"] for one in read} == set(map(str, streams))
    assert (await get(control, f"{PARKED}?cursor=W10")).status_code == 422


async def test_a_full_case_takes_no_command_and_its_company_can_fill_half_of_it_only(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement_id = await control.accepted()
    path, part = f"/v1/agreements/{agreement_id}/documentation", {"complete": False, "text": "a part"}
    monkeypatch.setattr(InputLimits, "in_force", lambda _: Input(facts_of_a_case=12))  # six are left for the authority
    answers = [(await control.post(path, part, Role.COMPANY)).status_code for _ in range(7)]
    assert answers[0] == 200
    assert answers[-1] == 409
    refused = (await control.post(path, part, Role.COMPANY)).json()
    assert (refused["title"], refused["values"]) == ("Full", {"facts": "6"})
    another = (f"/v1/agreements/{agreement_id}/inspector", {"inspector": BO})
    changed = await control.post(*another)
    assert changed.status_code == 200, changed.text
    monkeypatch.setattr(InputLimits, "in_force", lambda _: Input(facts_of_a_case=1))
    assert (await control.post(*another)).json()["title"] == "Full"
