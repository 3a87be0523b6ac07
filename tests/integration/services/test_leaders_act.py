"""Who leads a centre, stands in or supports acts on the cases of its people, and on no others (R30, R42)."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.vocabulary import Centre
from shared.http.tokens import LocalIssuer, Role, pseudonym
from tests.integration.services.control_running import Control

pytestmark = pytest.mark.rule("R42")
ANNA = pseudonym(Role.INSPECTOR, "anna")


async def terminates(control: Control, agreement_id: UUID, leads: Centre) -> httpx.Response:
    token = LocalIssuer(control.state).token(Role.LEADER, "lone", leads=leads)
    headers = {"Authorization": f"Bearer {token}", "If-Match": "*", "Idempotency-Key": str(uuid4())}
    body: Any = {"grounds": "The unit closes."}
    return await control.client.post(f"/v1/agreements/{agreement_id}/termination", json=body, headers=headers)


async def test_a_leader_acts_for_an_inspector_of_the_own_centre(control: Control) -> None:
    agreement_id = await control.accepted(inspector=ANNA)
    refused = await terminates(control, agreement_id, Centre.NORTH)
    assert refused.status_code == 403
    assert refused.json()["values"] == {"centre": "east", "leads": "north"}
    done = await terminates(control, agreement_id, Centre.EAST)
    assert done.status_code == 200, done.text
    newest = (await control.runtime.store.load(agreement_id)).events[-1]
    leader = pseudonym(Role.LEADER, "lone")
    assert (newest.metadata["actor"], newest.metadata["on_behalf_of"]) == (leader, ANNA)


async def test_a_case_whose_centre_nobody_knows_is_nobodys_to_lead(control: Control) -> None:
    agreement_id = await control.accepted(inspector="somebody-unknown")
    refused = await terminates(control, agreement_id, Centre.EAST)
    assert (refused.status_code, refused.json()["values"]["centre"]) == (403, "unknown")


async def test_a_colleague_acts_for_who_is_responsible_in_the_days_that_the_directory_names(control: Control) -> None:
    agreement_id = await control.accepted(inspector=ANNA)
    path, body = f"/v1/agreements/{agreement_id}/bookings", {"day": "2026-07-01"}
    bo = pseudonym(Role.INSPECTOR, "bo")
    refused = await control.post(path, body, name="bo")
    assert (refused.status_code, refused.json()["rule"]) == (403, "R42")
    assert refused.json()["values"] == {"responsible": ANNA, "asker": bo, "day": "2026-03-20"}
    await control.stands_in(bo, ANNA)
    await control.done(path, body, name="bo")
    newest = (await control.runtime.store.load(agreement_id)).events[-1]
    assert (newest.metadata["actor"], newest.metadata["on_behalf_of"]) == (bo, ANNA)


async def test_a_supporter_acts_in_the_own_centre_and_one_who_is_not_listed_nowhere(control: Control) -> None:
    of_anna, of_bo = [await control.accepted(inspector=pseudonym(Role.INSPECTOR, name)) for name in ("anna", "bo")]
    body = {"day": "2026-07-01"}
    await control.done(f"/v1/agreements/{of_anna}/bookings", body, Role.SUPPORTER, "bo")
    for agreement_id, name, lacking in ((of_bo, "bo", ("north", "east")), (of_anna, "nobody", ("east", "unknown"))):
        refused = await control.post(f"/v1/agreements/{agreement_id}/bookings", body, Role.SUPPORTER, name)
        assert (refused.status_code, refused.json()["rule"]) == (403, "R42")
        assert (refused.json()["values"]["centre"], refused.json()["values"]["own"]) == lacking


async def test_a_file_is_sent_by_who_may_act_on_the_case_alone(control: Control) -> None:
    agreement_id = await control.accepted(inspector=ANNA)
    path = f"/v1/agreements/{agreement_id}/attachments/{'0' * 64}"
    answers = [
        (await control.client.put(path, content=b"", headers=control.asker(Role.INSPECTOR, name=name))).status_code
        for name in ("bo", "anna")
    ]
    assert answers == [403, 404], "a colleague may not, and to the responsible one nothing names such a file"
