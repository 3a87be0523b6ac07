"""The processes of the proof: started, killed, paused, and started again when they end by themselves."""

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
WRITERS, HEARERS = 4, 2
CALLERS = 8
"""In each writer."""


@dataclass
class Actor:
    """One process that is kept running."""

    command: Sequence[str]
    log: Path
    starts: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    cpu_seconds: int = 0
    """The most that one of its processes was seen to have used, up to a minute."""

    def keep_running(self) -> None:
        """Start it where it does not run: the first time, after a kill, or because it gave up."""
        if self.process is not None and self.process.poll() is None:
            return
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.command, str(self.starts)], cwd=PROJECT, stdout=log, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        """To this process, by its id."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)

    def used(self) -> int:
        """See `cpu_seconds`. It grows while a process starts, however slowly, and not with each that fails to."""
        with suppress(psutil.Error):
            if self.process is not None and self.process.poll() is None:
                times = psutil.Process(self.process.pid).cpu_times()
                self.cpu_seconds = max(self.cpu_seconds, min(60, int(times.user + times.system)))
        return self.cpu_seconds

    def end(self) -> None:
        """For good."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


class Troupe:
    """All of them. Everything that one leaves behind (its journal, its log) lies in the folder."""

    def __init__(
        self, postgres: str, kafka: str, folder: Path, seed: int, *, with_heads: bool, pause_seconds: float
    ) -> None:
        self._hold = folder / "hold"
        self._arguments = [postgres, kafka, str(folder), str(seed)]
        self._folder = folder
        self._starts_of_ended = 0
        self._resting: list[Actor] = []
        """Those that are not to be started for now."""
        self.writers = [self._actor("writer", number, CALLERS, pause_seconds) for number in range(WRITERS)]
        self.hearers = [self._actor("hearer", number, int(with_heads)) for number in range(HEARERS)]

    @property
    def starts(self) -> int:
        """How often one of them was started."""
        return self._starts_of_ended + sum(actor.starts for actor in self.actors)

    @property
    def actors(self) -> list[Actor]:
        """Everybody."""
        return [*self.writers, *self.hearers]

    def all_write(self) -> bool:
        """Whether every writer has given a command."""
        journals = [journal_file(self._folder, str(number)) for number in range(WRITERS)]
        return all(journal.exists() and journal.stat().st_size for journal in journals)

    def signs(self) -> object:
        """What changes while they start: what they write, and the time that they are given by a busy machine.

        Not their logs, which one that only fails writes, too.
        """
        files = [file for file in sorted(self._folder.iterdir()) if file.is_file() and file.suffix != ".log"]
        return [file.stat().st_size for file in files], [actor.used() for actor in self.actors]

    def keep_running(self) -> None:
        """See Actor."""
        for actor in self.actors:
            if actor not in self._resting:
                actor.keep_running()

    @contextmanager
    def hearers_down(self, but: Actor) -> Iterator[None]:
        """Killed, and not started meanwhile; but for one that nobody knew of: it is stopped, and goes on afterwards."""
        self._resting = self.hearers
        if but.process is not None:
            but.process.send_signal(signal.SIGSTOP)
        try:
            for hearer in self.hearers:
                if hearer is not but:
                    hearer.end()
            yield
        finally:
            self._resting = []
            if but.process is not None:
                but.process.send_signal(signal.SIGCONT)

    def hold(self, held: bool) -> None:
        """Let callers wait, or go on: when what follows the log has fallen too far behind."""
        if held:
            self._hold.touch()
        else:
            self._hold.unlink(missing_ok=True)

    def only_drain(self) -> None:
        """No command comes any more: one writer without callers relays what was written, and fires timers."""
        for writer in self.writers:
            writer.end()
            self._starts_of_ended += writer.starts
        self.writers = [self._actor("writer", WRITERS, 0, 0)]

    def end(self) -> None:
        """All."""
        for actor in self.actors:
            actor.end()

    def _actor(self, role: str, number: int, *more: float) -> Actor:
        module = f"benchmarks.lossless.{role}"
        command = [sys.executable, "-m", module, *self._arguments, str(number), *map(str, more)]
        return Actor(command, self._folder / f"{role}-{number}.log")
