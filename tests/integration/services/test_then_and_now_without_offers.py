"""How it looked then is asked of the offers service: where that one is away, control says so and makes nothing up."""

import pytest

from deploy.local.ports import free_port
from shared.http.tokens import Role
from tests.integration.services.control_running import Control

OTHER_CVR = "24256790"


async def test_while_offers_does_not_answer_control_can_be_asked_again_and_strangers_learn_nothing(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTALE_ADDRESS_OFFERS", f"http://127.0.0.1:{free_port()}")
    path = f"/v1/agreements/{await control.accepted()}/then-and-now"
    for role in (Role.INSPECTOR, Role.COMPANY):
        answer = await control.client.get(path, headers=control.asker(role))
        assert (answer.status_code, answer.json()["detail"]) == (503, "the offers service does not answer")
        assert answer.headers["Retry-After"] == "1"
    assert (await control.client.get(path, headers=control.asker(Role.COMPANY, OTHER_CVR))).status_code == 404
