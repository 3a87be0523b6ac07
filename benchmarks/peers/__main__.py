"""./aftale bench peers append|lossless [SECONDS]: eventsourcing (default and fast mode) and Emmett on the same server.

`append`: small events to new streams, durably, with 1 and 32 callers. `lossless`: writers of which one commit in fifty
is slow, and a reader that follows the feed by position; how many events it missed, and how many came before their
predecessor. Aftale's own figures: bench append, bench lossless.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

from benchmarks.own_database import own_database
from benchmarks.peers.installation import HERE, folder_of_emmett, python_of_eventsourcing

_SECONDS = 5.0


def measured(what: str, seconds: float) -> Iterator[dict[str, object]]:
    """Figures as the peers tell them, each on an empty database of its own."""
    eventsourcing = [str(python_of_eventsourcing()), str(HERE / "eventsourcing_peer.py")]
    emmett = ["node", str(HERE / "emmett_peer.mjs")]
    runs: Sequence[tuple[str, list[str], str, dict[str, str]]] = (
        ("eventsourcing", eventsourcing, str(HERE), {}),
        ("eventsourcing_fast", eventsourcing, str(HERE), {"POSTGRES_ENABLE_DB_FUNCTIONS": "y"}),
        ("emmett", emmett, str(folder_of_emmett()), {}),
    )
    for name, program, folder, environment in runs:
        with own_database(f"peer_{name}") as dsn:
            done = subprocess.run(
                [*program, what, str(seconds)],
                cwd=folder,
                env={**os.environ, **environment, "DSN": dsn},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        for line in done.stdout.splitlines():
            yield json.loads(line)


def main() -> None:
    """See above. Reads AFTALE_POSTGRES."""
    what = sys.argv[1] if len(sys.argv) > 1 else "append"
    if what not in ("append", "lossless"):
        sys.exit("peers append [SECONDS], or peers lossless [SECONDS]")
    for figures in measured(what, float(sys.argv[2]) if len(sys.argv) > 2 else _SECONDS):
        print("  ".join(f"{name} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
