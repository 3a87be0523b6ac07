"""When the watcher starts what has died: with growing pauses, and never while another command is at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.local.processes import UserError
from deploy.local.watcher import LONGEST_PAUSE_SECONDS, STEADY_SECONDS, Restarts, Watch, start_what_died


@dataclass
class Machine:
    """One process, and a clock that the test moves by half seconds."""

    runs: bool = True
    dies_at_once: bool = False
    refuses: bool = False
    free: bool = True
    now: float = 0.0
    starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = Watch("offers", lambda: self.runs, self.start, Restarts())

    def start(self) -> None:
        self.starts.append(self.now)
        if self.refuses:
            raise UserError("The service offers cannot use port 8101.")
        self.runs = not self.dies_at_once

    @contextmanager
    def try_lock(self) -> Iterator[bool]:
        yield self.free

    def watched_for(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            start_what_died([self.watch], self.now, self.try_lock)
            self.now += 0.5


def pauses(machine: Machine) -> list[float]:
    return [later - earlier for earlier, later in zip(machine.starts, machine.starts[1:], strict=False)]


def test_what_died_is_started_again_at_once_and_counted() -> None:
    machine = Machine()
    machine.watched_for(10)
    assert machine.starts == []
    machine.runs = False
    machine.watched_for(10)
    assert machine.starts == [10.5]
    assert (machine.watch.report.restarts, machine.watch.report.next_at) == (1, None)


def test_what_dies_again_and_again_is_started_after_growing_pauses_and_never_given_up() -> None:
    machine = Machine(runs=False, dies_at_once=True)
    machine.watched_for(600)
    grown = pauses(machine)
    assert grown == sorted(grown)
    assert grown[:4] == [1.5, 2.5, 4.5, 8.5]
    assert set(grown[7:]) == {LONGEST_PAUSE_SECONDS + 0.5}
    assert machine.watch.report.next_at is not None


def test_what_has_run_steadily_is_started_at_once_when_it_dies_again() -> None:
    machine = Machine(runs=False, dies_at_once=True)
    machine.watched_for(60)
    machine.dies_at_once = False
    machine.watched_for(LONGEST_PAUSE_SECONDS + STEADY_SECONDS + 10)
    assert machine.runs
    died_at, machine.runs = machine.now, False
    machine.watched_for(5)
    assert machine.starts[-1] - died_at == 0.5


def test_nothing_is_started_while_another_command_starts_or_stops_things() -> None:
    machine = Machine(runs=False, free=False)
    machine.watched_for(30)
    assert machine.starts == []
    machine.free = True
    machine.watched_for(1)
    assert len(machine.starts) == 1


def test_what_cannot_be_started_says_why_and_is_tried_again() -> None:
    machine = Machine(runs=False, refuses=True)
    machine.watched_for(5)
    assert len(machine.starts) == 3
    assert machine.watch.report.fault == "The service offers cannot use port 8101."
    machine.refuses = False
    machine.watched_for(10)
    assert machine.runs
    assert machine.watch.report.fault is None
