"""Each service is killed in the middle of a course, and the final view is the same as without."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.system.course import CVR, UNIT, play
from tests.integration.system.running_system import RunningSystem, running_system

KILLED_AFTER = {
    "accepted": "control",
    "guidance offered": "guidance",
    "documented": "reporting",
    "controlled": "offers",
}
"""Which service is killed right after which step, while what the step caused is still on its way."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)")


async def test_a_breached_course_looks_the_same_although_every_service_was_killed(
    postgres_dsn: str, kafka: str, tmp_path: Path, other_postgres_dsn: str
) -> None:
    for folder in ("undisturbed", "killed"):
        (tmp_path / folder).mkdir()
    undisturbed = await _final_view(postgres_dsn, kafka, tmp_path / "undisturbed", {})
    killed = await _final_view(other_postgres_dsn, kafka, tmp_path / "killed", KILLED_AFTER)
    assert killed == undisturbed
    assert {case["status"] for case in undisturbed["cases"]["cases"]} == {"breached"}


async def _final_view(
    postgres: str, kafka: str, state: Path, killed_after: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    async with running_system(postgres, kafka, state) as system:
        await system.register(UNIT)
        agreement_id = ""
        async for step in play(system, "violation"):
            agreement_id = agreement_id or step
            if step in killed_after:
                await system.kill_and_start_again(killed_after[step])
        return await _view(system, agreement_id)


async def _view(system: RunningSystem, agreement_id: str) -> dict[str, dict[str, Any]]:
    inspector, company = system.people.inspector("anna"), system.people.company(CVR)
    return {
        name: _normalised(await who.get(service, path))
        for name, who, service, path in (
            ("cases", inspector, "reporting", "/v1/cases"),
            ("case", inspector, "reporting", f"/v1/cases/{agreement_id}"),
            ("case of the company", company, "reporting", f"/v1/cases/{agreement_id}"),
            ("tasks", inspector, "reporting", "/v1/tasks"),
            ("company", inspector, "reporting", f"/v1/companies/{CVR}"),
            ("ladder", inspector, "reporting", "/v1/statistics/ladder"),
            ("agreement", inspector, "control", f"/v1/agreements/{agreement_id}"),
            ("guidance", inspector, "guidance", f"/v1/guidance/{agreement_id}"),
            ("offer", inspector, "offers", f"/v1/offers/{agreement_id}"),
        )
    }


def _normalised(value: Any) -> Any:
    """Without ids and times, which differ from run to run. Facts of different services may come in either order."""
    if isinstance(value, dict):
        return {name: _normalised(inner) for name, inner in value.items() if name != "number"}
    if isinstance(value, list):
        return sorted((_normalised(inner) for inner in value), key=repr)
    if isinstance(value, str):
        return _TIME.sub("TIME", _ID.sub("ID", value))
    return value
