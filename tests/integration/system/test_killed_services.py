"""Each service is killed in the middle of courses, and the final view is the same as without."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.system.course import CVR, P_NUMBER, SISTER, SISTER_P_NUMBER, UNIT, play
from tests.integration.system.running_system import RunningSystem, running_system
from tests.integration.system.unreliable_network import Moment

COURSES = (("violation", P_NUMBER), ("no_violation", SISTER_P_NUMBER))
KILLED_AT: tuple[Mapping[str, Moment], ...] = (
    {"offers": Moment.AFTER, "answer": Moment.BEFORE, "documentation": Moment.AFTER, "controls": Moment.DURING},
    {"acceptance": Moment.DURING},
)
"""For each course, at which commands the service that is called is killed."""
KILLED_WHEN: tuple[Mapping[str, str], ...] = ({"documented": "reporting"}, {"accepted": "guidance"})
"""For each course, after which steps which service is killed, while what the step caused is on its way to it."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


async def test_courses_look_the_same_although_every_service_was_killed(
    postgres_dsn: str, kafka: str, tmp_path: Path, other_postgres_dsn: str
) -> None:
    for folder in ("undisturbed", "killed"):
        (tmp_path / folder).mkdir()
    async with running_system(postgres_dsn, kafka, tmp_path / "undisturbed") as system:
        undisturbed = await _final_view(system, ({}, {}), ({}, {}))
    async with running_system(other_postgres_dsn, kafka, tmp_path / "killed") as system:
        killed = await _final_view(system, KILLED_AT, KILLED_WHEN)
        assert not system.network.planned
        for lost, again in system.network.answered_twice:
            assert (again.status_code, again.text) == (lost.status_code, lost.text)
            assert again.headers["ETag"] == lost.headers["ETag"]
        assert len(system.network.answered_twice) == 2
    assert killed == undisturbed
    assert sorted(case["status"] for case in undisturbed["cases"]["cases"]) == ["breached", "fulfilled"]


async def _final_view(
    system: RunningSystem, killed_at: tuple[Mapping[str, Moment], ...], killed_when: tuple[Mapping[str, str], ...]
) -> dict[str, dict[str, Any]]:
    await system.register(UNIT, SISTER)
    agreement_ids = []
    for (outcome, p_number), at, when in zip(COURSES, killed_at, killed_when, strict=True):
        system.network.planned |= at
        steps = play(system, outcome, p_number)
        agreement_ids.append(await anext(steps))
        async for step in steps:
            if step in when:
                system.kill_and_start_again(when[step])
    return await _view(system, agreement_ids)


async def _view(system: RunningSystem, agreement_ids: list[str]) -> dict[str, dict[str, Any]]:
    inspector, company = system.people.inspector("anna"), system.people.company(CVR)
    everywhere = [
        ("cases", inspector, "reporting", "/v1/cases"),
        ("cases of the company", company, "reporting", "/v1/cases"),
        ("tasks", inspector, "reporting", "/v1/tasks"),
        ("company", inspector, "reporting", f"/v1/companies/{CVR}"),
        ("ladder", inspector, "reporting", "/v1/statistics/ladder"),
        ("figures", inspector, "reporting", "/v1/statistics/agreements"),
    ]
    of_each = [
        (f"{number} {who_name} {service}", who, service, f"{path}/{agreement_id}")
        for number, agreement_id in enumerate(agreement_ids)
        for who_name, who in (("inspector", inspector), ("company", company))
        for service, path in (
            ("reporting", "/v1/cases"),
            ("control", "/v1/agreements"),
            ("guidance", "/v1/guidance"),
            ("offers", "/v1/offers"),
        )
    ]
    return {name: _normalised(await who.get(service, path)) for name, who, service, path in everywhere + of_each}


def _normalised(value: Any) -> Any:
    """Without ids and days that were drawn (R18), which differ from run to run.

    Facts of different services at one instant may come in any order.
    """
    if isinstance(value, dict):
        by_chance = ("day", "slot", "hours") if value.get("drawn") else ()
        left_out = ("number", "possible", *by_chance)  # what was possible depends on what others drew
        return {name: _normalised(inner) for name, inner in value.items() if name not in left_out}
    if isinstance(value, list):
        return sorted((_normalised(inner) for inner in value), key=repr)
    return _ID.sub("ID", value) if isinstance(value, str) else value
