"""The random courses of tests/model on running services, some of which are killed on the way."""

import os
from datetime import datetime
from pathlib import Path

from tests.model.process_machine import BEGINNINGS, FIGURES, STEPS_IN_A_BUSY_TIME, ProcessMachine
from tests.model.services_world import ServicesWorld

STEPS = int(os.environ.get("AFTALE_MODEL_STEPS", "72"))
"""So few by default that the whole suite stays under 25 minutes; thousands by hand."""
SEED = int(os.environ.get("AFTALE_MODEL_SEED", "1"))


def test_random_courses_on_running_services_go_as_the_rules_say(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    class OnServices(ProcessMachine):
        """One system, and one long time with many courses."""

        @staticmethod
        def make_world(begins: datetime, seed: int) -> ServicesWorld:
            return ServicesWorld(postgres_dsn, kafka, tmp_path, begins)

    before = FIGURES.steps
    machine = OnServices()
    try:
        machine.begin(BEGINNINGS[SEED % 2], SEED, STEPS // STEPS_IN_A_BUSY_TIME)
    finally:
        machine.teardown()
    print(FIGURES.as_json())
    assert FIGURES.steps - before >= STEPS // 2, "courses that hardly began show nothing"
