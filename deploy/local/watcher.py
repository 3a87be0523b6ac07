"""Starts again what dies: python -m deploy.local.watcher NAME..., begun by ./aftale up and ended by ./aftale down.

Processes are not its children: it knows them by their pid files, as every other command does, so that it may end, and
begin again, without any of them noticing.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from deploy.local.log_rotation import rotate
from deploy.local.processes import Fault, Process
from deploy.local.state import State

NAME = "watcher"
LOOK_EVERY_SECONDS = 0.5
ROTATE_EVERY_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
"""What has run for so long since its last start is started again after the first pause."""


@dataclass
class Restarts:
    """What became of one process, for ./aftale status."""

    restarts: int = 0
    last_at: str | None = None
    next_at: str | None = None
    """When it is tried again, while it does not run."""
    fault: str | None = None
    """Why it could not even be started."""


@dataclass
class Watch:
    """One process that shall run."""

    name: str
    runs: Callable[[], bool]
    start: Callable[[], None]
    told: Restarts
    pause: float = FIRST_PAUSE_SECONDS
    due: float | None = None
    started: float | None = None

    def looked_after(self, now: float) -> bool:
        """Whether it is time to start it; plans the next attempt where it is found to have died."""
        if self.runs():
            self.due = self.told.next_at = None
            if self.started is not None and now - self.started > STEADY_SECONDS:
                self.pause, self.started = FIRST_PAUSE_SECONDS, None
            return False
        if self.due is None:
            self.due = now + self.pause
            self.told.next_at = _utc(self.pause)
            self.pause = min(2 * self.pause, LONGEST_PAUSE_SECONDS)
        return now >= self.due

    def start_again(self, now: float) -> None:
        """A fault is told and tried again later, as a death is."""
        self.due, self.started = None, now
        self.told.restarts += 1
        self.told.last_at, self.told.next_at, self.told.fault = _utc(), None, None
        try:
            self.start()
        except Fault as fault:
            self.told.fault = str(fault)
        print(
            f"{self.told.last_at} {self.name} had ended; started again ({self.told.restarts}). {self.told.fault or ''}"
        )


def look(watches: Sequence[Watch], now: float, alone: Callable[[], AbstractContextManager[bool]]) -> None:
    """Once at each. While another command starts or stops things, nothing is started."""
    due = [watch for watch in watches if watch.looked_after(now)]
    if not due:
        return
    with alone() as free:
        for watch in due if free else ():
            if not watch.runs():  # another command may have started it a moment ago
                watch.start_again(now)


def report_file(state: State) -> Path:
    """What the watcher tells."""
    return state.run / "watcher.json"


def read_report(state: State) -> dict[str, Restarts]:
    """By process; empty where nothing was watched since the last ./aftale down."""
    file = report_file(state)
    if not file.exists():
        return {}
    return {name: Restarts(**told) for name, told in json.loads(file.read_text()).items()}


def watched(state: State) -> list[str]:
    """What is watched now."""
    return list(read_report(state)) if Process(state, NAME).running() is not None else []


def _write_report(state: State, watches: Sequence[Watch]) -> None:
    file = report_file(state)
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({watch.name: asdict(watch.told) for watch in watches}))
    unfinished.replace(file)


def _utc(after: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=after)).isoformat(timespec="seconds")


@contextmanager
def _alone(state: State) -> Iterator[bool]:
    """Whether no other command is starting or stopping things; none can while the block runs."""
    with (state.folder / "lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def main() -> None:
    """Until it is ended."""
    from deploy.local.machine import Machine  # machine.py starts this module, and knows its name
    from deploy.local.settings import Settings

    machine = Machine(Settings())
    state = machine.state
    told = read_report(state)

    def watch(name: str) -> Watch:
        process = machine.service(name)
        return Watch(
            name,
            runs=lambda: process.running() is not None,
            start=lambda: machine.start(name),
            told=told.get(name, Restarts()),
        )

    watches = [watch(name) for name in sys.argv[1:]]
    _write_report(state, watches)
    next_rotation = 0.0
    while True:
        if time.monotonic() >= next_rotation:
            next_rotation = time.monotonic() + ROTATE_EVERY_SECONDS
            rotate(state.logs)
        before = [asdict(one.told) for one in watches]
        look(watches, time.monotonic(), lambda: _alone(state))
        if before != [asdict(one.told) for one in watches]:
            _write_report(state, watches)
        sys.stdout.flush()
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    main()
