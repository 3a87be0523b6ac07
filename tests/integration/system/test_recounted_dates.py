"""A release corrects the calendar: what it gives otherwise is shown, and moved by each owner's own fact (R3, R27)."""

import asyncio
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local import cli
from deploy.local.processes import UserError
from shared.deadlines.copenhagen import start_of
from shared.http.tokens import Role
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, P_NUMBER, SISTER, SISTER_P_NUMBER, UNIT, offer
from tests.integration.system.running_system import SERVICES, RunningSystem, running_system

pytestmark = pytest.mark.rule("R3", "R10", "R12", "R27")
CLOSED = ("2026-03-30", "2026-04-07", "2026-06-02")
"""By the corrected calendar: the last days to answer, to offer guidance, and to solve the problem."""
REASON = "Loven om Folkets Dag manglede."
NEXT_RELEASE = f"""
import datetime, holidays

in_force = holidays.country_holidays


def corrected(country, *, years, **more):
    known = dict(in_force(country, years=years, **more))
    new = [datetime.date.fromisoformat(day) for day in {CLOSED}]
    return known | {{day: "Folkets Dag" for day in new if day.year == years}}


holidays.country_holidays = corrected
"""
"""What Python runs first in each process that starts with it."""


async def test_a_corrected_calendar_moves_what_is_open_and_everybody_sees_the_new_dates(
    postgres_dsn: str, kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT, SISTER)
        inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        offered, running = await _delivered(system, P_NUMBER), await _delivered(system, SISTER_P_NUMBER)
        await company.post(f"/v1/offers/{running}/acceptance", {"has_read": True})
        await system.time.settle()
        monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
        for name, port in system.ports.items():
            monkeypatch.setenv(f"AFTALE_PORT_{name.upper()}", str(port))
        assert re.match("The calendar of today gives every open deadline as it stands; .* compared.", await dates())

        await _start_the_next_release(system, tmp_path, monkeypatch)
        with pytest.raises(UserError) as found:
            await dates()
        told = str(found.value)
        assert "3 open deadlines would be counted otherwise today:" in told
        assert f"offers {offered}: response stands on 2026-03-30, would be 2026-03-31" in told
        assert f"control {running}: compliance stands on 2026-06-02, would be 2026-06-03" in told
        assert f"guidance {running}: guidance stands on 2026-04-07, would be 2026-04-08" in told
        assert "30 March 2026 (Folkets Dag)" in told

        assert await dates("recount", "--reason", REASON, "--dry-run") == (
            "3 deadlines would be moved: ComplianceDeadlineRecounted: 1 GuidanceDueRecounted: 1"
            " ResponseDeadlineRecounted: 1"
        )
        assert await _deadlines(inspector, offered) == {"response": "2026-03-30"}
        assert (await dates("recount", "--reason", REASON)).startswith("3 deadlines moved:")
        await system.time.settle()
        assert await dates("recount", "--reason", REASON) == "0 deadlines moved."
        assert (await dates()).startswith("The calendar of today gives every open deadline as it stands")
        assert (await _aftale("drift")).startswith("The timers and reservations of")
        assert await _aftale("view", "check") == "The view matches its facts."

        for asker in (inspector, company):
            assert await _deadlines(asker, offered) == {"response": "2026-03-31"}
            moved = await _deadlines(asker, running)
            assert (moved["compliance"], moved["control_window"]) == ("2026-06-03", "2026-08-02")
            for path in (f"/v1/offers/{offered}", f"/v1/agreements/{running}"):
                [shown] = (await asker.get(f"{path}?language=en")).json()["recounts"]
                assert shown["reason"] == REASON
                assert "because the calendar was corrected" in shown["why"]
        assert (await _deadlines(inspector, running))["guidance"] == "2026-04-08"
        assert (await company.get(f"/v1/guidance/{running}")).json()["recounts"] == []

        await system.time.advance_to(start_of(date(2026, 3, 31)) + timedelta(hours=10))
        assert "Lapsed" not in await _types(inspector, offered)
        await system.time.advance_to(start_of(date(2026, 4, 1)) + timedelta(hours=1))
        assert "Lapsed" in await _types(inspector, offered)
        await system.time.advance_to(start_of(date(2026, 4, 8)) - timedelta(hours=1))
        assert "GuidanceFellDue" not in await _types(inspector, running)
        await system.time.advance_to(start_of(date(2026, 4, 8)) + timedelta(hours=1))
        assert "GuidanceFellDue" in await _types(inspector, running)


async def test_only_operators_recount_and_only_with_a_reason(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        inspector, operator = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.OPERATOR)
        path = "/v1/operations/offers/dates"
        assert (await inspector.get(path)).status_code == 403
        assert (await inspector.post(f"{path}/recounts", {"reason": REASON})).status_code == 403
        without = await operator.post(f"{path}/recounts", {"reason": "  "})
        assert (without.status_code, without.json()["faults"][0]["where"]) == (422, "body.reason")
        assert (await operator.get(f"{path}?limit=201")).status_code == 422
        page = (await operator.get(path)).json()
        assert page == {"compared": 0, "differing": [], "next_cursor": None}


async def dates(*words: str) -> str:
    """./aftale dates ...; what it prints. Raises UserError where it ends with one."""
    return await _aftale("dates", *(words or ("check",)))


async def _aftale(*words: str) -> str:
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, words)
    if result.exception is not None:
        raise result.exception
    return " ".join(result.output.split())


async def _start_the_next_release(system: RunningSystem, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process again, on a calendar with three more closed days."""
    (folder / "sitecustomize.py").write_text(NEXT_RELEASE)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    for name in SERVICES:
        system.kill_and_start_again(name)
    await system.until_healthy(*SERVICES)
    await system.time.settle()


async def _delivered(system: RunningSystem, p_number: str) -> str:
    people = system.people
    offered = await people.inspector("anna").do("offers", "/v1/offers", offer(p_number))
    agreement_id: str = offered["id"]
    await people.portal().do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
    await system.time.settle()
    return agreement_id


async def _deadlines(asker: Asker, agreement_id: str) -> dict[str, str]:
    case: Any = (await asker.get(f"/v1/cases/{agreement_id}")).json()
    return {one["name"]: one["deadline"]["last_day"] for one in case["deadlines"]}


async def _types(asker: Asker, agreement_id: str) -> list[str]:
    case: Any = (await asker.get(f"/v1/cases/{agreement_id}")).json()
    return [entry["type"] for entry in case["timeline"]]
