"""R31: what is erased can never be read again, wherever it was; the history stays, and an open case goes on."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.control import DocumentationReceived
from shared.http.tokens import Role
from tests.integration.services.control_running import Control
from tests.integration.services.test_attachments import digest, get, kept, put, reference
from tests.integration.services.test_offers_service import Offers, offer, offers  # noqa: F401 (a fixture)

TEXT, LATER = "The lift was mended by Hansen.", "What came later."
FILE = b"a photograph"
ERASURES = "/v1/operations/control/erasures"


async def documented(control: Control, text: str = TEXT, content: bytes = FILE) -> UUID:
    """A course with a text and a file."""
    agreement_id = await control.accepted()
    await document(control, agreement_id, text, content)
    return agreement_id


async def document(control: Control, agreement_id: UUID, text: str, content: bytes) -> None:
    path = f"/v1/agreements/{agreement_id}"
    body = {"complete": False, "text": text, "files": [reference(content)]}
    await control.done(f"{path}/documentation", body, Role.COMPANY)
    answer = await put(control, f"{path}/attachments/{digest(content)}", content)
    assert answer.status_code == 204, answer.text


async def erase(control: Control, *, dry_run: bool = False, role: Role = Role.OPERATOR, **what: Any) -> Any:
    answer = await control.client.post(
        f"{ERASURES}?dry_run={str(dry_run).lower()}", json=what, headers=control.asker(role)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def texts(control: Control, agreement_id: UUID) -> list[str | None]:
    loaded = await control.runtime.store.load(agreement_id, readable=True)
    return [one.event.text for one in loaded.events if isinstance(one.event, DocumentationReceived)]


@pytest.mark.rule("R30", "R31")
async def test_an_erased_case_keeps_its_history_and_nothing_that_was_private(control: Control) -> None:
    erased, other = await documented(control), await documented(control)
    before = (await control.runtime.store.load(erased)).events
    would_be = await erase(control, case=str(erased), dry_run=True)
    assert await texts(control, erased) == [TEXT], "a dry run changes nothing"
    assert len(kept(control.state)) == 2
    done = await erase(control, case=str(erased))
    assert (would_be, done) == ({**done, "dry_run": True}, {**done, "dry_run": False})
    assert {part["about"] for part in done["parts"]} >= {""}
    assert done["files"] == 1
    assert await texts(control, erased) == [None]
    assert (await control.runtime.store.load(erased)).events == before
    answer = await get(control, f"/v1/agreements/{erased}/attachments/{digest(FILE)}")
    assert (answer.status_code, answer.json()["rule"]) == (410, "R31")
    assert await texts(control, other) == [TEXT]
    assert (await get(control, f"/v1/agreements/{other}/attachments/{digest(FILE)}")).content == FILE
    assert (await erase(control, case=str(erased)))["parts"] == []


@pytest.mark.rule("R31")
async def test_a_case_goes_on_after_an_erasing_and_can_be_erased_again(control: Control) -> None:
    agreement_id = await documented(control)
    for _ in range(2):
        await erase(control, case=str(agreement_id))
        await document(control, agreement_id, LATER, b"another one")
        assert (await texts(control, agreement_id))[-1] == LATER
        answer = await get(control, f"/v1/agreements/{agreement_id}/attachments/{digest(b'another one')}")
        assert answer.content == b"another one"
    await erase(control, case=str(agreement_id))
    assert set(await texts(control, agreement_id)) == {None}
    assert kept(control.state) == []


@pytest.mark.rule("R31")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
async def test_only_operators_erase(control: Control, role: Role) -> None:
    agreement_id = await documented(control)
    answer = await control.client.post(ERASURES, json={"case": str(agreement_id)}, headers=control.asker(role))
    assert answer.status_code == 403
    assert await texts(control, agreement_id) == [TEXT]


@pytest.mark.rule("R31")
async def test_what_is_to_be_erased_is_named(control: Control) -> None:
    answer = await control.client.post(ERASURES, json={}, headers=control.asker(Role.OPERATOR))
    assert answer.status_code == 422
    assert (await erase(control, case=str(uuid4())))["parts"] == []


@pytest.mark.rule("R9", "R31")
async def test_an_open_offer_that_was_erased_can_still_be_withdrawn_and_its_answer_is_not_remembered(
    offers: Offers,  # noqa: F811
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    answer = await offers.post("/v1/offers", offer(), headers=key)
    agreement_id = answer.json()["id"]
    assert (await offers.get(f"/v1/offers/{agreement_id}"))["observations"] == "Heavy lifts."
    erasing = await offers.post(
        "/v1/operations/offers/erasures", {"case": agreement_id}, Role.OPERATOR, headers={"If-Match": ""}
    )
    assert erasing.status_code == 200, erasing.text
    again = await offers.post("/v1/offers", offer(), headers=key)
    assert "Heavy lifts." not in again.text
    assert (await offers.get(f"/v1/offers/{agreement_id}"))["observations"] is None
    withdrawn = await offers.post(f"/v1/offers/{agreement_id}/withdrawal", {"reason": "The text was wrong."})
    assert withdrawn.status_code == 200, withdrawn.text
    assert (await offers.get(f"/v1/offers/{agreement_id}"))["status"] == "withdrawn"
