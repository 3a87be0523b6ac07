"""An inspector offers times for a meeting, control keeps them free, and the company chooses one (R12, R17)."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.courses import at
from shared.deadlines.copenhagen import local_day
from shared.http.tokens import Role
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, UNIT, play
from tests.integration.system.running_system import RunningSystem, running_system

pytestmark = pytest.mark.rule("R12", "R17")
DAYS = {"first": "2026-04-07", "last": "2026-05-29"}


async def test_the_times_that_a_company_is_offered_stand_in_the_calendar_until_it_chooses_one(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT)
        agreement_id = await _accepted(system)
        path = f"/v1/guidance/{agreement_id}/meeting-times"
        inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        body, key = {"form": "visit", **DAYS}, {"Idempotency-Key": str(uuid4())}
        tried = (await inspector.post(f"{path}?dry_run=true", body)).json()
        assert [fact["type"] for fact in tried["recorded"]] == ["GuidanceOffered", "MeetingTimesOffered"]
        assert "times" not in tried["recorded"][1]["data"], "nothing is drawn by asking (R18)"
        assert await _in_calendar(system) == []
        answers = [await inspector.post(path, body, key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[0].text == answers[1].text
        seen = (await company.get(f"/v1/guidance/{agreement_id}")).json()["appointment"]
        assert (seen["booked"], [time["number"] for time in seen["times"]]) == (False, [1, 2, 3])
        held = await _in_calendar(system)
        assert [(one["kind"], one["day"]) for one in held] == [("held-place", time["day"]) for time in seen["times"]]
        chosen = f"{path}/{seen['meeting_id']}/choice"
        assert (await company.post(chosen, {"number": 4})).json()["rule"] == "R12"
        assert (await company.post(chosen, {"number": 2})).status_code == 200
        await system.time.settle()
        (meeting,) = await _in_calendar(system)
        assert (meeting["kind"], meeting["day"]) == ("guidance-meeting", seen["times"][1]["day"])
        assert (await company.get("/v1/calendar?period=2026-04")).status_code in (403, 404)
        await system.time.advance_to(at(local_day(system.time.clock.now())))
        cancelled = await company.post(f"{path}/{seen['meeting_id']}/cancellation", {"reason": "Syg."})
        assert cancelled.status_code == 200, cancelled.text
        await system.time.settle()
        assert await _in_calendar(system) == []
        shown = (await inspector.get(f"/v1/guidance/{agreement_id}")).json()
        assert shown["appointment"] is None
        assert [(one["cause"], one["reason"]) for one in shown["cancelled_meetings"]] == [("none-suits", "Syg.")]


async def _accepted(system: RunningSystem) -> str:
    steps = play(system, "no_violation")
    agreement_id = await anext(steps)
    while await anext(steps) != "accepted":
        pass
    await system.time.settle()
    await system.people.inspector("anna").get("guidance", f"/v1/guidance/{agreement_id}")
    return agreement_id


async def _in_calendar(system: RunningSystem) -> list[dict[str, Any]]:
    """What stands in the calendar beside the control."""
    inspector = Asker.of(system, Role.INSPECTOR)
    months = [await inspector.get(f"/v1/calendar?period={month}") for month in ("2026-04", "2026-05")]
    entries = [entry for month in months for entry in month.json()]
    return [entry for entry in entries if entry["kind"] in ("held-place", "guidance-meeting")]
