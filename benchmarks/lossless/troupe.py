"""The processes of the proof: started, killed, paused, and started again when they end by themselves."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

PROJECT = Path(__file__).parents[2]
WRITERS, HEARERS = 4, 2
CALLERS = 8
"""In each writer."""


@dataclass
class Actor:
    """One process that is kept running."""

    name: str
    command: Sequence[str]
    log: Path
    starts: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def keep_running(self) -> None:
        """Start it where it does not run: the first time, after a kill, or because a server was away."""
        if self.process is not None and self.process.poll() is None:
            return
        self.starts += 1
        with self.log.open("ab") as log:
            command = [*self.command, str(self.starts)] if self.name.startswith("writer") else self.command
            self.process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        """To this process, by its id."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)

    def end(self) -> None:
        """For good."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


@dataclass
class Troupe:
    """All of them."""

    writers: list[Actor] = field(default_factory=list)
    hearers: list[Actor] = field(default_factory=list)

    @classmethod
    def of(cls, postgres: str, kafka: str, folder: Path) -> "Troupe":
        """Not started yet."""
        here = [sys.executable, "-m"]
        journals = [folder / f"journal-{number}" for number in range(WRITERS)]
        return cls(
            [
                Actor(
                    f"writer-{number}",
                    [*here, "benchmarks.lossless.writer", postgres, kafka, str(journal), str(CALLERS)],
                    folder / f"writer-{number}.log",
                )
                for number, journal in enumerate(journals)
            ],
            [
                Actor(
                    f"hearer-{number}",
                    [*here, "benchmarks.lossless.hearer", postgres, kafka],
                    folder / f"hearer-{number}.log",
                )
                for number in range(HEARERS)
            ],
        )

    def keep_running(self) -> None:
        """See Actor."""
        for actor in (*self.writers, *self.hearers):
            actor.keep_running()

    def anybody(self, random: Random) -> Actor:
        """One of them."""
        return random.choice([*self.writers, *self.hearers])

    def only_drain(self) -> None:
        """No command comes any more: one writer without callers relays what was written, and fires timers."""
        for writer in self.writers:
            writer.end()
        first = self.writers[0]
        self.writers = [Actor(first.name, [*first.command[:-1], "0"], first.log, first.starts)]

    def end(self) -> None:
        """All."""
        for actor in (*self.writers, *self.hearers):
            actor.end()
