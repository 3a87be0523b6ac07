"""Who leads a centre acts on the cases of its people, and on no others (R30, R42)."""

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
