"""The model on services in memory: hundreds of thousands of steps without a server."""

from datetime import datetime

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.memory_world import MemoryWorld
from tests.model.process_machine import UNITS, ProcessMachine

STEPS_IN_A_COURSE = 100


class InMemory(ProcessMachine):
    """A world of its own for each course."""

    @staticmethod
    def make_world(begins: datetime, seed: int) -> MemoryWorld:
        """All units in an industry that is offered agreements."""
        units = {
            unit: {"p_number": unit, "cvr": cvr, "industry": "day-care", "name": "Unit"} for unit, cvr in UNITS.items()
        }
        return MemoryWorld(begins, units, seed)


def play(
    machine: type[ProcessMachine],
    steps: int,
    *,
    steps_in_a_course: int = STEPS_IN_A_COURSE,
    shrinks: bool = True,
    same: bool = False,
) -> None:
    """As many courses as make up so many steps; what fails is told with the steps that lead to it.

    It is made smaller before, unless `shrinks` is off: that takes minutes. `same` courses are played in every run.
    """
    chosen = settings(
        max_examples=max(1, steps // steps_in_a_course),
        stateful_step_count=steps_in_a_course,
        deadline=None,
        derandomize=same,
        database=None,
        phases=(Phase.generate, Phase.shrink) if shrinks else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(machine, settings=chosen)
