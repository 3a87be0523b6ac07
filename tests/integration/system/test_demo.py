"""The demo plays to its end, and reporting gives what the evaluation published."""

from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.demo.courses import DemoContext
from deploy.demo.measures_by_ladder_level import differences, lines
from deploy.demo.play import play, register_units
from deploy.demo.views import show
from deploy.local.cli import DEMO_BEGINS
from deploy.local.foreign_facts import order_system
from tests.integration.system.running_system import running_system


async def test_the_demo_gives_the_published_ladders_and_outcomes(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    said: list[str] = []
    async with running_system(postgres_dsn, kafka, tmp_path, begins=DEMO_BEGINS) as system:
        await register_units(system)
        async with order_system(system) as orders:
            await play(DemoContext(system.people, orders, system.time.settle, said.append), system.time)
        inspector = system.people.inspector("anna")
        ladder = (await inspector.get("reporting", "/v1/statistics/ladder"))["rows"]
        counts: dict[str, Any] = (await inspector.get("reporting", "/v1/cases"))["counts"]
        shown = StringIO()
        await show(Console(file=shown, width=160), inspector)
    assert counts["fulfilled"] == 20
    assert (counts["breached"], counts["lapsed"], counts["declined"]) == (1, 1, 1)
    assert [difference.partition(":")[0] for difference in differences(lines(ladder))[:-1]] == [
        "musculoskeletal, general ladder, level 4",
        "musculoskeletal, general ladder, level 3",
    ]
    assert any("409 R8" in line for line in said)
    assert "The one view" in shown.getvalue()
