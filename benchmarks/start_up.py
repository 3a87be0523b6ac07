"""Measures how soon everything is up, and how much memory it uses: ./aftale bench start_up [RUNS].

Stops what runs in this state folder, and starts it again RUNS times; the data stays. Prints each run, then the resident
memory of each process of the last one. The limits: a second start under 10 s, all processes under 1.2 GB.
"""

import os
import subprocess
import sys
import time

from deploy.local.machine import Machine
from deploy.local.settings import SERVICES, Settings
from deploy.local.state import PROJECT
from deploy.local.status import resident_megabytes

LIMIT_SECONDS = 10.0
LIMIT_MEGABYTES = 1200.0


def main() -> None:
    """Runs the benchmark with the public commands `./aftale down` and `./aftale up`."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    aftale = str(PROJECT / "aftale")
    seconds = []
    for number in range(1, runs + 1):
        _run(aftale, "down")
        begun = time.monotonic()
        _run(aftale, "up")
        seconds.append(time.monotonic() - begun)
        print(f"start {number}: {seconds[-1]:.1f} s")
    print(f"fastest {min(seconds):.1f} s, slowest {max(seconds):.1f} s, limit {LIMIT_SECONDS:.0f} s")
    machine = Machine(Settings(postgres=None, kafka=None))
    running = {name: machine.service(name).running() for name in ("postgres", "kafka", *SERVICES)}
    megabytes = {name: resident_megabytes(process) for name, process in running.items() if process is not None}
    for name, size in megabytes.items():
        print(f"{name:<10} {size:>6.0f} MB")
    print(f"{'all':<10} {sum(megabytes.values()):>6.0f} MB, limit {LIMIT_MEGABYTES:.0f} MB")


def _run(*command: str) -> None:
    # `bench` sets the local servers in the environment; `up` would treat them as servers of the user.
    environment = {name: value for name, value in os.environ.items() if name not in ("AFTALE_POSTGRES", "AFTALE_KAFKA")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
