"""Can the proof fail? python -m benchmarks.lossless.sabotage [NAME...]: one thing at a time is broken in a copy.

Prints what the proof found of each; ends with 1 if it found nothing of one.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.findings import KINDS
from deploy.local.kafka import jars
from deploy.local.state import PROGRAMS, PROJECT

_PROOF = ("-m", "benchmarks.lossless", "--seconds", "30", "--every", "0.7", "--seed", "3")
_COPIED = ("benchmarks", "deploy", "migrations", "shared", "services")
_LINE = re.compile(r"^ +[\d,]+ +([\d,-]+) +([\d,-]+) +([\d,-]+) +([\d,-]+)  (\w.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Sabotage:
    """A mistake that stores, relays and consumers are known to make: `right` stands in the file exactly once."""

    name: str
    mistake: str
    file: str
    right: str
    wrong: str


SABOTAGES = (
    Sabotage(
        "lock",
        "positions are taken before the lock, so that they commit out of order",
        "migrations/event_store/versions/0003_position_from_the_events.sql",
        """
  select epoch into current_epoch from log for update;
  select coalesce((select position from events order by position desc limit 1), 0) into base;
""",
        """
  create sequence if not exists numbers;
  perform pg_advisory_lock(1);
  base := nextval('numbers');
  perform setval('numbers', base + coalesce(cardinality(event_ids), 0)), pg_advisory_unlock(1);
  perform pg_sleep(case when random() < 0.05 then 0.05 else 0 end);
  select epoch into current_epoch from log for update;
""",
    ),
    Sabotage(
        "relay",
        "the relay moves its checkpoint before it sends",
        "shared/messaging/relay.py",
        """
                    sent_to = rows[-1]["position"]
""",
        """
                    sent_to = rows[-1]["position"]
                    checkpoint = await self._move_checkpoint(connection, checkpoint, sent_to)
""",
    ),
    Sabotage(
        "inbox",
        "the inbox takes again what it has taken before",
        "shared/messaging/inbox.py",
        "message.version == standing.version + 1:",
        "message.version <= standing.version + 1:",
    ),
)


def main() -> None:
    """See above."""
    unfound = 0
    for sabotage in SABOTAGES:
        if sys.argv[1:] and sabotage.name not in sys.argv[1:]:
            continue
        found = _found(sabotage)
        unfound += not found
        print("\n    ".join([f"{sabotage.name}: {sabotage.mistake}", *(found or ["NOT FOUND"])]), flush=True)
    sys.exit(unfound > 0)


def _found(sabotage: Sabotage) -> list[str]:
    """The lines of the report in which something is wrong."""
    with tempfile.TemporaryDirectory(prefix="aftale sabotage ") as folder:
        copy = Path(folder) / "copy"
        for part in _COPIED:
            shutil.copytree(PROJECT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / PROGRAMS.name).mkdir()
        (copy / PROGRAMS.name / "kafka-jars").symlink_to(jars())
        broken = copy / sabotage.file
        text = broken.read_text()
        if text.count(sabotage.right) != 1:
            sys.exit(f"{sabotage.file} has {sabotage.right!r} {text.count(sabotage.right)} times, not once")
        broken.write_text(text.replace(sabotage.right, sabotage.wrong))
        environment = {**os.environ, "TMPDIR": folder}
        run = subprocess.run(
            [sys.executable, *_PROOF], cwd=copy, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    lines = [[cell.strip() for cell in line] for line in _LINE.findall(run.stdout)]
    return [
        ", ".join(f"{kind} {number}" for kind, number in zip(KINDS, numbers, strict=True) if number != "0")
        + f": {what}"
        for *numbers, what in lines
        if set(numbers) != {"0"}
    ]


if __name__ == "__main__":
    main()
