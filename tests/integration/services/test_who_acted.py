"""Every fact of a course says who acted and for whom (R30)."""

import pytest

from shared.http.tokens import Role, pseudonym
from tests.integration.services.control_running import CVR, INSPECTOR, Control


@pytest.mark.rule("R15", "R30")
async def test_a_company_a_colleague_and_the_system_itself(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", {"complete": False, "text": "Begun."}, Role.COMPANY)
    anna = pseudonym(Role.INSPECTOR, "anna")
    for inspector in (anna, "inspector-9"):
        await control.done(f"{path}/inspector", {"inspector": inspector})
    loaded = await control.runtime.store.load(agreement_id)
    acted = [(one.metadata["actor"], one.metadata.get("on_behalf_of")) for one in loaded.events]
    assert acted == [
        ("control", None),
        (pseudonym(Role.COMPANY, "anna"), CVR),
        (anna, INSPECTOR),
        (anna, None),
    ], "begun; documented; a stand-in takes over, and gives away what is now her own"
