"""Compares Aftale with other event stores on one server: ./aftale bench peers append|project|lossless [SECONDS].

`append` writes small events durably to new streams, with 1 and 32 callers: eventsourcing (default and fast mode),
Emmett, message-db. `project` folds a log into rows: the rebuild of reporting, and eventsourcing's ProjectionRunner.
Both take turns, each on an empty database, and print medians and how many times faster Aftale is. `lossless` has
writers of which one commit in fifty is slow, and a reader that follows the log by position; it makes the checks of
bench lossless that suit any log, but nothing is killed or restarted.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.findings import Finding, as_table
from benchmarks.own_database import own_database
from benchmarks.peers.installation import HERE, folder_of_npm_packages, python_of_eventsourcing
from deploy.local.state import PROJECT

_SECONDS = 3.0
_TURNS = 3
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """A program that measures one peer, and prints a line of JSON per figure."""

    name: str
    command: Sequence[str]
    folder: Path = HERE
    environment: Mapping[str, str] = field(default_factory=dict)

    def measure(self, what: str, seconds: float) -> Iterator[Figures]:
        """Runs the program on an empty database; yields its figures."""
        with own_database(f"peer_{self.name}") as dsn:
            done = subprocess.run(
                [*self.command, what, str(seconds)],
                cwd=self.folder,
                env={**os.environ, **self.environment, "DSN": dsn},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        for line in done.stdout.splitlines():
            yield json.loads(line)


def _programs() -> Mapping[str, Sequence[Program]]:
    """Returns the programs by what they measure."""
    ours = Program("aftale", [sys.executable, "-m", "benchmarks.peers.aftale_peer"], PROJECT)
    followed = Program("aftale", [sys.executable, "-m", "benchmarks.peers.aftale_followed"], PROJECT)
    eventsourcing = Program("eventsourcing", [str(python_of_eventsourcing()), str(HERE / "eventsourcing_peer.py")])
    fast = Program("eventsourcing_fast", eventsourcing.command, environment={"POSTGRES_ENABLE_DB_FUNCTIONS": "y"})
    packages = folder_of_npm_packages()
    emmett = Program("emmett", ["node", str(HERE / "emmett_peer.mjs")], packages)
    message_db = Program("message_db", [sys.executable, str(HERE / "message_db_peer.py")], packages)
    return {
        "append": (ours, eventsourcing, fast, emmett, message_db),
        "project": (ours, eventsourcing),
        "lossless": (followed, eventsourcing, fast, emmett),
    }


def _compare(programs: Sequence[Program], what: str, seconds: float) -> None:
    """Measures in turns, because the speed of a shared machine drifts, and prints medians."""
    rates: dict[tuple[str, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(_TURNS):
        for program in programs:
            for figure in program.measure(what, seconds):
                measured = figure["what"], figure.get("callers", 1)
                rates[measured][figure["peer"]].append(figure["events_per_s"])
    print(f"{'':12} {'callers':>7}  {'':26} {'events/s':>8}  Aftale is")
    for (measured_what, callers), peers in rates.items():
        for peer, turns in peers.items():
            times = f"{median(peers['aftale']) / median(turns):>7.1f} x" if "aftale" in peers else ""
            print(f"{measured_what:12} {callers:>7}  {peer:26} {median(turns):>8,.0f}  {times}")


def main() -> None:
    """Runs the comparison. Reads AFTALE_POSTGRES."""
    what = sys.argv[1] if len(sys.argv) > 1 else "append"
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else _SECONDS
    programs = _programs().get(what)
    if programs is None:
        sys.exit("peers append|project|lossless [SECONDS]")
    if what != "lossless":
        _compare(programs, what, seconds)
        return
    for program in programs:
        for figures in program.measure(what, seconds):
            found = [Finding(**finding) for finding in figures["findings"]]
            print(f"\n{figures['peer']}, {seconds:g} s\n{as_table(found)}", flush=True)


if __name__ == "__main__":
    main()
