"""Manages the processes of the proof: starts, kills and pauses them, and restarts those that end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.lossless.journal import journal_file

PROJECT = Path(__file__).parents[2]
WRITERS, CONSUMERS = 4, 2
CALLERS = 8
"""The number of callers in each writer."""


@dataclass
class ManagedProcess:
    """A process that is restarted whenever it ends."""

    command: Sequence[str]
    log: Path
    starts: int = 0
    popen: "subprocess.Popen[bytes] | None" = None
    cpu_seconds: int = 0
    """The most processor time that was seen in one run of the process, up to 60 s."""

    def keep_running(self) -> None:
        """Starts the process if it does not run: the first time, after a kill, or after it gave up."""
        if self.popen is not None and self.popen.poll() is None:
            return
        self.starts += 1
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen([*self.command, str(self.starts)], cwd=PROJECT, stdout=log, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process, if it runs."""
        if self.popen is not None and self.popen.poll() is None:
            os.kill(self.popen.pid, number)

    def cpu_seconds_used(self) -> int:
        """Updates and returns `cpu_seconds`: a sign of progress of a slow start, but not of repeated failures."""
        with suppress(psutil.Error):
            if self.popen is not None and self.popen.poll() is None:
                times = psutil.Process(self.popen.pid).cpu_times()
                self.cpu_seconds = max(self.cpu_seconds, min(60, int(times.user + times.system)))
        return self.cpu_seconds

    def end(self) -> None:
        """Kills the process and waits for its end."""
        self.signal(signal.SIGKILL)
        if self.popen is not None:
            self.popen.wait()


class ProcessGroup:
    """All processes of the proof. Their journals and logs are in the folder."""

    def __init__(
        self, postgres: str, kafka: str, folder: Path, seed: int, *, with_heads: bool, pause_seconds: float
    ) -> None:
        self._hold = folder / "hold"
        self._arguments = [postgres, kafka, str(folder), str(seed)]
        self._folder = folder
        self._starts_of_ended = 0
        self._not_restarted: list[ManagedProcess] = []
        """Processes that are not restarted for now."""
        self.writers = [self._managed("writer", number, CALLERS, pause_seconds) for number in range(WRITERS)]
        self.consumers = [self._managed("consumer", number, int(with_heads)) for number in range(CONSUMERS)]

    @property
    def starts(self) -> int:
        """The number of starts of all processes."""
        return self._starts_of_ended + sum(process.starts for process in self.processes)

    @property
    def processes(self) -> list[ManagedProcess]:
        """All processes: writers and consumers."""
        return [*self.writers, *self.consumers]

    def all_write(self) -> bool:
        """Returns whether every writer has given a command."""
        journals = [journal_file(self._folder, str(number)) for number in range(WRITERS)]
        return all(journal.exists() and journal.stat().st_size for journal in journals)

    def signs(self) -> object:
        """Returns what changes while the processes start: the sizes of their files, and their processor time.

        Logs are left out, because a process that only fails writes to its log, too.
        """
        files = [file for file in sorted(self._folder.iterdir()) if file.is_file() and file.suffix != ".log"]
        return [file.stat().st_size for file in files], [process.cpu_seconds_used() for process in self.processes]

    def keep_running(self) -> None:
        """Restarts all processes that have ended."""
        for process in self.processes:
            if process not in self._not_restarted:
                process.keep_running()

    @contextmanager
    def consumers_stopped(self, paused: ManagedProcess) -> Iterator[None]:
        """Kills the consumers for a while, except `paused`: it is stopped by SIGSTOP and resumes with its old state."""
        self._not_restarted = self.consumers
        if paused.popen is not None:
            paused.popen.send_signal(signal.SIGSTOP)
        try:
            for consumer in self.consumers:
                if consumer is not paused:
                    consumer.end()
            yield
        finally:
            self._not_restarted = []
            if paused.popen is not None:
                paused.popen.send_signal(signal.SIGCONT)

    def hold_callers(self, held: bool) -> None:
        """Makes callers wait or continue; they wait if consumers and relays are too far behind the log."""
        if held:
            self._hold.touch()
        else:
            self._hold.unlink(missing_ok=True)

    def stop_callers(self) -> None:
        """Replaces all writers with one that has no callers: it relays what was written, and fires timers."""
        for writer in self.writers:
            writer.end()
            self._starts_of_ended += writer.starts
        self.writers = [self._managed("writer", WRITERS, 0, 0)]

    def end(self) -> None:
        """Kills all processes."""
        for process in self.processes:
            process.end()

    def _managed(self, role: str, number: int, *more: float) -> ManagedProcess:
        module = f"benchmarks.lossless.{role}"
        command = [sys.executable, "-m", module, *self._arguments, str(number), *map(str, more)]
        return ManagedProcess(command, self._folder / f"{role}-{number}.log")
