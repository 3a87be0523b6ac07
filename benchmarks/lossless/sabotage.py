"""Shows that the proof can fail: breaks one thing at a time in a copy. python -m benchmarks.lossless.sabotage [NAME...]

Prints what the proof found of each; exits with 1 if it did not find one.
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

_PROOF = ("-m", "benchmarks.lossless", "--seconds", "30", "--every", "1", "--seed", "822")
_COPIED = ("benchmarks", "deploy", "migrations", "shared", "services")
_SUMS = "in all"
_NO_REST = "it did not come to rest"
_RESTORES = ("--only", "RESTORE", "--every", "4", "--seconds", "60")
"""Only restores, because any fault that moves positions back would correct the mistake."""
_LAST_FACTS = ("--with-heads", "--only", "LAST_FACTS", "--every", "4")
_EPOCHS = ("--with-heads", "--only", "EPOCH", "--every", "4")
_LINE = re.compile(r"^ +[\d,]+ +([\d,-]+) +([\d,-]+) +([\d,-]+) +([\d,-]+)  (\w.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Sabotage:
    """A mistake that stores, relays and consumers are known to make. The text `right` is in the file exactly once."""

    name: str
    mistake: str
    file: str
    right: str
    wrong: str
    options: tuple[str, ...] = ()
    """Further options of the proof."""


SABOTAGES = (
    Sabotage(
        "lock",
        "positions are taken before the lock, so that they commit out of order",
        "migrations/event_store/versions/0011_append_by_names.sql",
        """
set enable_mergejoin = off
as $$
declare
  base bigint;
  current_epoch int;
  won bool[];
  any_key bool;
  any_mark bool;
  added int := 0;
  -- Under a virtual clock, in demos and tests, the caller sets what time it is; else this is null, and the database's counts.
  virtual_now timestamptz := nullif(current_setting('aftale.virtual_now', true), '')::timestamptz;
begin
  -- The ordering lock, held to the commit. Each statement in a volatile function takes a fresh snapshot, so the next ones
  -- see all that was committed before the lock was had.
  select epoch into current_epoch from log for update;
  select coalesce((select position from events order by position desc limit 1), 0) into base;
""",  # noqa: E501
        """
set enable_mergejoin = off
security definer as $$
declare
  base bigint;
  current_epoch int;
  won bool[];
  any_key bool;
  any_mark bool;
  added int := 0;
  virtual_now timestamptz := nullif(current_setting('aftale.virtual_now', true), '')::timestamptz;
begin
  create sequence if not exists numbers;
  perform pg_advisory_lock(1);
  base := nextval('numbers');
  perform setval('numbers', base + coalesce(cardinality(new_events), 0)), pg_advisory_unlock(1);
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
        "the inbox accepts duplicates",
        "shared/messaging/inbox.py",
        "message.version == standing.version + 1:",
        "message.version <= standing.version + 1:",
    ),
    Sabotage(
        "row",
        "a consumer's row moves before the batch has its effect",
        "shared/messaging/topic_reader.py",
        """
            if batch.records:
                await self._take(batch.records)
            if batch.moves:
                await self._assigned.move(batch.moves)
""",
        """
            if batch.moves:
                await self._assigned.move(batch.moves)
            if batch.records:
                await self._take(batch.records)
""",
    ),
    Sabotage(
        "exception",
        "a consumer's row moves although taking the batch has failed",
        "shared/messaging/topic_reader.py",
        """
            if batch.records:
                await self._take(batch.records)
            if batch.moves:
                await self._assigned.move(batch.moves)
""",
        """
            try:
                if batch.records:
                    await self._take(batch.records)
            finally:
                await self._assigned.move(batch.moves)
""",
    ),
    Sabotage(
        "tail",
        "the last record of an answer is skipped",
        "shared/messaging/assigned_partitions.py",
        """
            batch.records.extend(records)
""",
        """
            batch.records.extend(records[:-1] or records)
""",
    ),
    Sabotage(
        "timer",
        "a timer is deleted before it has its effect",
        "shared/eventstore/timers.py",
        """
        intent = Intent(subject, due.stream, command, expected=standing.version, read=standing)
""",
        """
        async with self._database.acquire() as connection:
            await connection.execute("delete from timers where stream = $1 and name = $2", due.stream, due.name)
        intent = Intent(subject, due.stream, command, expected=standing.version, read=standing)
""",
    ),
    Sabotage(
        "foreign",
        "a source is believed on a topic where it publishes nothing",
        "shared/messaging/unreadable.py",
        """
    if sources is not None and message.source not in sources:
""",
        """
    if sources is None and message.source:
""",
    ),
    Sabotage(
        "two",
        "two consumers of one service process the same source, each with its own effects",
        "benchmarks/lossless/consumer.py",
        """
        projecting.consume(AGREEMENTS_TOPIC, counting, purpose=FOLD, sources=Publishers(SOURCES))
""",
        """
        projecting.consume(AGREEMENTS_TOPIC, counting, purpose=FOLD, sources=Publishers(SOURCES))
        import asyncio

        other = type("Other", (Counting,), {"apply": lambda *_: asyncio.sleep(0)})(
            projection, EventTypes((*FACTS, *ECHOES)), own_source=PROJECTION, ask_again=projecting.ask_again
        )
        projecting.consume(AGREEMENTS_TOPIC, other, purpose="other", sources=Publishers(SOURCES))
""",
    ),
    Sabotage(
        "zombie",
        "a process that was paused writes its position late, over whatever the row has by then",
        "shared/messaging/assigned_partitions.py",
        """
        async with self._database.acquire() as connection:
            lost = await positions.move(connection, self._consumer, moves)
""",
        """
        await asyncio.sleep(0.3)
        async with self._database.acquire() as connection:
            stand = await positions.positions(connection, self._consumer, [one.partition for one in moves])
            moves = [Move(one.partition, stand[one.partition], one.after) for one in moves]
            lost = await positions.move(connection, self._consumer, moves)
""",
        _RESTORES,
    ),
    Sabotage(
        "end",
        "heads beyond what was received count as received",
        "shared/messaging/reconciler.py",
        """
            differing = await _differing(connection, self.source, told.heads)
""",
        """
            differing: list[Head] = []
""",
        _LAST_FACTS,
    ),
    Sabotage(
        "epoch",
        "a new epoch is believed because a record says so",
        "shared/messaging/source_verification.py",
        """
    return message.epoch > known or place(standing, message) is Place.ALARM
""",
        """
    return message.epoch < known and place(standing, message) is Place.ALARM
""",
        _EPOCHS,
    ),
)


def main() -> None:
    """Breaks and proves the named sabotages, or all of them."""
    unfound = 0
    for sabotage in SABOTAGES:
        if sys.argv[1:] and sabotage.name not in sys.argv[1:]:
            continue
        found = _found(sabotage)
        unfound += not found
        print("\n    ".join([f"{sabotage.name}: {sabotage.mistake}", *(found or ["NOT FOUND"])]), flush=True)
    sys.exit(unfound > 0)


def _found(sabotage: Sabotage) -> list[str]:
    """Runs the proof on the broken copy; returns the lines of its report that show an error."""
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
            [sys.executable, *_PROOF, *sabotage.options],
            cwd=copy,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if _SUMS not in run.stdout:
        sys.exit(f"{sabotage.name}: the proof did not finish:\n{run.stdout}")
    lines = [[cell.strip() for cell in line] for line in _LINE.findall(run.stdout)]
    found = [
        ", ".join(f"{kind} {number}" for kind, number in zip(KINDS, numbers, strict=True) if number != "0")
        + f": {what}"
        for *numbers, what in lines
        if set(numbers) != {"0"}
    ]
    return [_NO_REST, *found] if _NO_REST in run.stdout else found


if __name__ == "__main__":
    main()
