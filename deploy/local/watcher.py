"""Restarts what dies: python -m deploy.local.watcher NAME..., started by ./aftale up and stopped by ./aftale down.

The processes are not its children. It knows them by their pid files, as every other command does, so that it can be
stopped and started without affecting them.
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
from deploy.local.processes import Process, UserError
from deploy.local.state import State

NAME = "watcher"
LOOK_EVERY_SECONDS = 0.5
ROTATE_EVERY_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
"""After running this long, a process that dies is restarted after the shortest pause again."""


@dataclass
class Restarts:
    """The restarts of one process, for ./aftale status."""

    restarts: int = 0
    last_at: str | None = None
    next_at: str | None = None
    """When the next attempt is due, while the process does not run."""
    fault: str | None = None
    """Why the process could not even be started."""


@dataclass
class Watch:
    """One process that the watcher keeps running."""

    name: str
    runs: Callable[[], bool]
    start: Callable[[], None]
    report: Restarts
    pause: float = FIRST_PAUSE_SECONDS
    due: float | None = None
    started: float | None = None

    def is_due(self, now: float) -> bool:
        """Returns whether to start the process now. If it has died, plans the next attempt with backoff."""
        if self.runs():
            self.due = self.report.next_at = None
            if self.started is not None and now - self.started > STEADY_SECONDS:
                self.pause, self.started = FIRST_PAUSE_SECONDS, None
            return False
        if self.due is None:
            self.due = now + self.pause
            self.report.next_at = _utc(self.pause)
            self.pause = min(2 * self.pause, LONGEST_PAUSE_SECONDS)
        return now >= self.due

    def start_again(self, now: float) -> None:
        """Starts the process again. An error is reported and retried later, like a death."""
        self.due, self.started = None, now
        self.report.restarts += 1
        self.report.last_at, self.report.next_at, self.report.fault = _utc(), None, None
        try:
            self.start()
        except UserError as fault:
            self.report.fault = str(fault)
        restarts = f"restarted ({self.report.restarts})"
        print(f"{self.report.last_at} {self.name} had ended; {restarts}. {self.report.fault or ''}")


def start_what_died(watches: Sequence[Watch], now: float, try_lock: Callable[[], AbstractContextManager[bool]]) -> None:
    """Checks every process once and starts the dead ones, unless another command is starting or stopping processes."""
    due = [watch for watch in watches if watch.is_due(now)]
    if not due:
        return
    with try_lock() as free:
        for watch in due if free else ():
            if not watch.runs():  # another command may have started it a moment ago
                watch.start_again(now)


def report_file(state: State) -> Path:
    """Returns the file of the watcher's report."""
    return state.run / "watcher.json"


def read_report(state: State) -> dict[str, Restarts]:
    """Reads the restarts by process; empty if nothing was watched since the last ./aftale down."""
    file = report_file(state)
    if not file.exists():
        return {}
    return {name: Restarts(**one) for name, one in json.loads(file.read_text()).items()}


def watched_processes(state: State) -> list[str]:
    """Returns the names of the processes that are watched now."""
    return list(read_report(state)) if Process(state, NAME).running() is not None else []


def _write_report(state: State, watches: Sequence[Watch]) -> None:
    file = report_file(state)
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({watch.name: asdict(watch.report) for watch in watches}))
    unfinished.replace(file)


def _utc(after: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=after)).isoformat(timespec="seconds")


@contextmanager
def _try_exclusive_lock(state: State) -> Iterator[bool]:
    """Yields whether the lock was free; if so, no other command starts or stops processes while the block runs."""
    with (state.folder / "lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def main() -> None:
    """Watches the named processes until it is ended."""
    from deploy.local.machine import Machine  # machine.py imports this module
    from deploy.local.settings import Settings

    machine = Machine(Settings())
    state = machine.state
    reports = read_report(state)

    def watch(name: str) -> Watch:
        process = machine.service(name)
        return Watch(
            name,
            runs=lambda: process.running() is not None,
            start=lambda: machine.start(name),
            report=reports.get(name, Restarts()),
        )

    watches = [watch(name) for name in sys.argv[1:]]
    _write_report(state, watches)
    next_rotation = 0.0
    while True:
        if time.monotonic() >= next_rotation:
            next_rotation = time.monotonic() + ROTATE_EVERY_SECONDS
            rotate(state.logs)
        before = [asdict(one.report) for one in watches]
        start_what_died(watches, time.monotonic(), lambda: _try_exclusive_lock(state))
        if before != [asdict(one.report) for one in watches]:
            _write_report(state, watches)
        sys.stdout.flush()
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    main()
