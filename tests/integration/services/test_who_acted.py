"""Every fact of a course says who acted and for whom (R30)."""

import pytest

from shared.http.tokens import Role, pseudonym
from tests.integration.services.control_running import CVR, INSPECTOR, Control, booking, found


@pytest.mark.rule("R15", "R30")
async def test_a_company_a_colleague_and_the_system_itself(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", {"complete": False, "text": "Begun."}, Role.COMPANY)
    anna = pseudonym(Role.INSPECTOR, "anna")
    for inspector in (anna, pseudonym(Role.INSPECTOR, "carla")):
        await control.done(f"{path}/inspector", {"inspector": inspector})
    loaded = await control.runtime.store.load(agreement_id)
    acted = [(one.metadata["actor"], one.metadata.get("on_behalf_of")) for one in loaded.events]
    assert acted == [
        ("control", None),
        (pseudonym(Role.COMPANY, "anna"), CVR),
        (anna, INSPECTOR),
        (anna, None),
    ], "begun; documented; a stand-in takes over, and gives away what is now her own"


@pytest.mark.rule("R22", "R30")
async def test_what_a_company_said_before_an_order_is_written_down_by_the_authority_only(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", {"complete": True, "text": "Done."}, Role.COMPANY)
    await control.once(agreement_id, booking)
    await control.done(f"{path}/controls", found("violation"))
    said = {"answer": "The lift is late.", "participants": ["manager"]}
    spoken = f"{path}/oral-hearing-answer"
    assert (await control.post(spoken, said, Role.COMPANY)).status_code == 403
    assert (await control.post(spoken, {**said, "participants": []})).status_code == 422
    await control.done(spoken, said, Role.SUPPORTER, "carla")
    supporter = pseudonym(Role.SUPPORTER, "carla")
    for role in (Role.COMPANY, Role.INSPECTOR):
        heard = (await control.course(agreement_id, role))["hearing"]
        told = (heard["in_writing"], heard["oral"], heard["participants"], heard["noted_by"], heard["answer"])
        assert told == (False, True, ["manager"], supporter, "The lift is late.")
