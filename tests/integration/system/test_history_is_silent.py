"""Of imported courses nothing falls due and nothing is booked, until somebody takes one over (R17, R28, R30)."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.deadlines.copenhagen import local_day
from shared.http.tokens import Role
from tests.integration.system.asking import Asker
from tests.integration.system.course import UNIT
from tests.integration.system.running_system import RunningSystem, running_system
from tests.silent_history import PLACED, import_courses, loud

pytestmark = pytest.mark.rule("R17", "R28", "R30")
OF_EACH_KIND = 20
SOURCES = ("offers", "guidance", "control")


async def test_100_imported_courses_are_silent_and_one_that_is_taken_over_goes_on(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        history = await import_courses(system, OF_EACH_KIND)
        await system.time.settle()
        assert await _count(system, "reporting.case_core where audience = 'authority'") == 5 * OF_EACH_KIND
        assert await _count(system, "reporting.case_deadlines where origin <> 'imported'") == 0
        assert await _count(system, "reporting.facts where type <> 'UnitRegistered' and origin <> 'imported'") == 0
        facts = await _count(system, "reporting.facts")
        await system.time.advance_to(system.time.clock.now() + timedelta(days=5))
        assert (await loud(system), await _count(system, "reporting.facts")) == ({}, facts)

        running = history["running"][0]
        await _refused_while_history(system, running)
        await _take_over(system, running)
        assert await _timers(system) == {"guidance:overdue": 1, "course:book-control": 1}
        assert await _of_case(system, running, "GuidanceFellDue") == [], "it fell due before"
        await system.time.advance_to(system.time.clock.now() + timedelta(days=120))
        for fact in ("GuidanceBecameOverdue", "ControlBooked"):
            assert await _of_case(system, running, fact) == ["live"]
        others = f"events where type = any('{{{','.join(PLACED)}}}') and stream <> '{running}'"
        assert await _count(system, f"control.{others}") == 0
        assert (await _case(system, running))["next"]["step"] == "offer_guidance"
        assert (await _case(system, history["running"][1]))["next"] is None
        assert await _drifted(system) == []


async def test_a_take_over_makes_up_for_no_deadline_and_looks_for_the_place_that_is_still_needed(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        history = await import_courses(system, of_each=1)
        await system.time.settle()
        for (case,) in history.values():
            await _take_over(system, case)
        await system.time.settle()
        assert await _of_case(system, history["unanswered"][0], "Lapsed") == [], "its time to answer was over before"
        assert await _of_case(system, history["running"][0], "GuidanceFellDue") == []
        assert await _of_case(system, history["over"][0], "GuidanceBecameOverdue") == []
        assert await _of_case(system, history["declined"][0], "NewInspectionBooked") == ["live"], "R7: still needed"
        assert await _of_case(system, history["over"][0], "ControlBooked") == ["live"], "R17: still needed"
        assert set(await _timers(system)) == {
            "offer:lapse",
            "offer:halfway",
            "guidance:overdue",
            "course:book-control",
        }
        assert (await _case(system, history["over"][0]))["live_from"] is not None
        assert await _drifted(system) == []


async def _refused_while_history(system: RunningSystem, case: UUID) -> None:
    inspector, tomorrow = Asker.of(system, Role.INSPECTOR), local_day(system.time.clock.now()) + timedelta(days=1)
    for path, body in (
        (f"/v1/agreements/{case}/termination", {"grounds": "Closed there.", "reason": "work-ended"}),
        (f"/v1/guidance/{case}/offer", {"form": "phone"}),
        (f"/v1/offers/{case}/notes", {"text": "A note."}),
        (f"/v1/offers/{case}/take-over", {"from_day": tomorrow.isoformat(), "reason": "Goes on here."}),
    ):
        answer = await inspector.post(path, body)
        assert (answer.status_code, answer.json().get("rule")) == (409, "R30"), (path, answer.text)


async def _take_over(system: RunningSystem, case: UUID) -> None:
    inspector, body = Asker.of(system, Role.INSPECTOR), {"reason": "It goes on here."}
    dry = await inspector.post(f"/v1/offers/{case}/take-over?dry_run=true", body)
    assert [one["type"] for one in dry.json()["recorded"]] == ["CaseTakenOver"]
    taken = await inspector.post(f"/v1/offers/{case}/take-over", body)
    assert taken.status_code == 200, taken.text
    again = await inspector.post(f"/v1/offers/{case}/take-over", body)
    assert (again.status_code, again.json()["rule"]) == (409, "R30")
    await system.time.settle()
    shown = (await inspector.get(f"/v1/offers/{case}")).json()
    assert (shown["origin"], shown["taken_over"]["reason"]) == ("imported", "It goes on here.")


async def _timers(system: RunningSystem) -> dict[str, int]:
    found: dict[str, int] = {}
    for source in SOURCES:
        for row in await system.time._connection.fetch(f"select name, count(*) from {source}.timers group by name"):
            found[row["name"]] = row["count"]
    return found


async def _of_case(system: RunningSystem, case: UUID, fact: str) -> list[str]:
    """The origins of the facts of a type on a case, as the view has them."""
    asked = "select origin from reporting.facts where stream = $1 and type = $2"
    return [row["origin"] for row in await system.time._connection.fetch(asked, case, fact)]


async def _count(system: RunningSystem, rows: str) -> int:
    return int(await system.time._connection.fetchval(f"select count(*) from {rows}"))


async def _case(system: RunningSystem, case: UUID) -> Any:
    return (await Asker.of(system, Role.INSPECTOR).get(f"/v1/cases/{case}")).json()


async def _drifted(system: RunningSystem) -> list[Any]:
    found: list[Any] = []
    for source in SOURCES:
        path = "drift"
        while path:
            page = (await Asker.of(system, Role.OPERATOR).get(f"/v1/operations/{source}/{path}")).json()
            found += page["drifted"]
            path = f"drift?cursor={page['next_cursor']}" if page["next_cursor"] else ""
    return found
