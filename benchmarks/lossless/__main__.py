"""Injects faults everywhere and checks that nothing is lost: ./aftale bench lossless [--seconds 60] [--seed 7] ...

Starts its own servers in a temporary folder, four writers with eight callers each, and two consumers. Faults are drawn
from the seed, one every `--every` seconds on average, and hit all of them. Then it waits until nothing is left to
process, and checks. With `--with-heads` consumers compare what they received with the heads of their sources, and
faults are added that only this can correct. `--only RESTORE KILL` injects only these kinds. Exits with 1 on errors.
"""

import argparse
import asyncio
import logging
import resource
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import asyncpg

from benchmarks.findings import Finding, as_table
from benchmarks.lossless import topic
from benchmarks.lossless.backlog import Backlog
from benchmarks.lossless.check import counts, findings, gather_evidence
from benchmarks.lossless.consumer import PROJECTED_TABLE
from benchmarks.lossless.consumer_state import CONSUMERS, FOLLOWED
from benchmarks.lossless.evidence import HOLDS_TOKEN, Connection, make_tables
from benchmarks.lossless.fault_injector import FaultInjector
from benchmarks.lossless.faults import WITHOUT_HEADS, InjectedFault, Kind, plan_faults
from benchmarks.lossless.process_group import ProcessGroup
from benchmarks.lossless.subject import NEIGHBOURS
from deploy.local.kafka import LocalKafka
from deploy.local.ports import answers
from deploy.local.postgres import LocalPostgres
from deploy.local.progress_wait import ProgressWait
from deploy.local.state import State
from migrations.schemas import upgrade
from shared.service import AGREEMENTS_TOPIC

_LAST = InjectedFault(0.0, Kind.UNREADABLE, 0.0, 0.5)
"""The last fault, injected in every run, so that no check is empty."""
_BEHIND = """
select (select offers.newest_position() - checkpoint from offers.relay)
     + (select guidance.newest_position() - checkpoint from guidance.relay)
     + (select count(*) from offers.republications)
     + (select count(*) from offers.timers)
     + (select coalesce(sum(s.version - coalesce(i.version, 0)), 0) from offers.streams s
        left join guidance.inbox i on i.source = 'offers' and i.stream = s.id)
     + (select coalesce(sum(s.version - coalesce(i.version, 0)), 0) from offers.streams s
        left join control.inbox i on i.source = 'offers' and i.stream = s.id)
     + (select coalesce(sum(s.version - coalesce(i.version, 0)), 0) from guidance.streams s
        left join control.inbox i on i.source = 'guidance' and i.stream = s.id)
"""
_BEHIND_PLANTED = f"""
select (select count(*) from lossless.neighbour_facts b where not exists (
          select from {{consumer}}.inbox i
          where i.source = '{NEIGHBOURS}' and i.stream = b.stream and i.version >= b.version))
     + (select count(*) from lossless.planted where not exists (
          select from {{consumer}}.parked where {HOLDS_TOKEN}))
"""
_NOT_COMPARED = """
select coalesce(sum({source}.newest_position() - coalesce(c.position, 0)), 0)::bigint
     + (select count(*) from {consumer}.missing where source = '{source}')
from (select) one left join {consumer}.compared_sources c on c.source = '{source}'
"""
_READ_TO = """
select partition, next_offset from {consumer}.consumer_positions where consumer = $1 and topic = $2
"""


async def _prove(postgres: LocalPostgres, kafka: LocalKafka, folder: Path, asked: argparse.Namespace) -> bool:
    """Runs and checks; returns whether nothing is wrong."""
    await _make_tables(postgres.dsn)
    group = ProcessGroup(
        postgres.dsn, kafka.bootstrap, folder, asked.seed, with_heads=asked.with_heads, pause_seconds=asked.pause
    )
    injector = FaultInjector(group, postgres, kafka, folder, heads_are_compared=asked.with_heads)
    backlog = Backlog(postgres.dsn, group.hold_callers)
    watching = asyncio.create_task(backlog.watch())
    try:
        await _until_all_work(postgres.dsn, group)
        begun = time.monotonic()
        faults = plan_faults(asked.seed, asked.seconds, asked.every, _among(asked))
        await injector.run(faults, asked.seconds)
        await injector.inject(_LAST)
        group.stop_callers()
        rested = await _until_at_rest(postgres.dsn, kafka.bootstrap, group, asked.patience, with_heads=asked.with_heads)
    finally:
        group.end()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    at_rest_after = time.monotonic() - begun
    connection = await asyncpg.connect(postgres.dsn)
    await gather_evidence(connection, kafka.bootstrap, folder, injector.topic_generation)
    found = await findings(connection)
    counted = await counts(connection)
    await connection.close()
    checked_after = time.monotonic() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"\nseed {asked.seed}, {asked.seconds:.0f} s with a fault every {asked.every:g} s; at rest after "
        f"{at_rest_after:.0f} s, checked after {checked_after:.0f} s in {memory} MB"
    )
    print(f"callers waited {backlog.held_seconds:.0f} s for consumers and relays; {group.starts} starts of processes")
    for what, count in (*counted.items(), *sorted(injector.done.items())):
        print(f"{count:>12,}  {what}")
    print(f"\n{as_table(found)}")
    return _verdict(found, rested=rested, patience=asked.patience)


def _verdict(found: list[Finding], *, rested: bool, patience: float) -> bool:
    wrong = [one for one in found if one.wrong]
    idle = [one.what for one in found if one.looked_at == 0]
    if not rested:
        print(f"\nFAILED: it did not come to rest: no progress for {patience:.0f} s")
    if wrong:
        print("\nFAILED: " + "; ".join(one.what for one in wrong))
    if idle:
        print("\nFAILED: nothing was checked: " + "; ".join(idle))
    if rested and not wrong and not idle:
        print("\nNothing is missed, doubled or reordered.")
        return True
    return False


def _among(asked: argparse.Namespace) -> frozenset[Kind]:
    if asked.only:
        return frozenset(Kind[name] for name in asked.only)
    return frozenset(Kind) if asked.with_heads else WITHOUT_HEADS


async def _make_tables(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await make_tables(connection)
    await connection.execute("set search_path to control")
    await connection.execute(PROJECTED_TABLE)
    await connection.execute("grant all on projected to aftale_control")
    await connection.close()


async def _until_all_work(dsn: str, group: ProcessGroup) -> None:
    """Waits until every writer has given a command and the last consumer has received a fact."""
    connection = await asyncpg.connect(dsn)
    try:
        wait = ProgressWait("The first fact on its way through all processes")
        while not (group.all_write() and await connection.fetchval("select exists (select from control.inbox)")):
            group.keep_running()
            written = await connection.fetchval("select offers.newest_position()")
            if not wait.keep_waiting((written, group.signs())):
                raise SystemExit(f"No progress for {wait.still_seconds:.0f} s: see the logs.")
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def _until_at_rest(dsn: str, kafka: str, group: ProcessGroup, patience: float, *, with_heads: bool) -> bool:
    """Waits until nothing is left to publish, fire or process, and the whole topic has been read, with duplicates.

    With heads, consumers must also have compared everything that their sources published, and miss nothing. Returns
    False after `patience` seconds without progress.
    """
    connection = await asyncpg.connect(dsn)
    least, moved = None, time.monotonic()
    try:
        while time.monotonic() < moved + patience:
            group.keep_running()
            behind = await _behind(connection) + await _unread(connection, kafka)
            if with_heads:
                behind += await _not_compared(connection)
            if behind == 0:
                return True
            if least is None or behind < least:
                least, moved = behind, time.monotonic()
            await asyncio.sleep(0.5)
        return False
    finally:
        await connection.close()


async def _behind(connection: Connection) -> int:
    behind = int(await connection.fetchval(_BEHIND))
    for consumer in CONSUMERS:
        behind += int(await connection.fetchval(_BEHIND_PLANTED.format(consumer=consumer)))
    return behind


async def _not_compared(connection: Connection) -> int:
    """Returns how many positions consumers have not compared yet, plus how many streams they know to be missing."""
    return sum(
        [
            int(await connection.fetchval(_NOT_COMPARED.format(source=source, consumer=consumer)))
            for source, consumer in FOLLOWED
        ]
    )


async def _unread(connection: Connection, kafka: str) -> int:
    """Returns the number of records that consumers have not read, by their stored positions."""
    ends, unread = await topic.ends(kafka), 0
    for schema, consumer in CONSUMERS.items():
        rows = await connection.fetch(_READ_TO.format(consumer=schema), consumer, AGREEMENTS_TOPIC)
        read_to = {row["partition"]: row["next_offset"] for row in rows}
        unread += sum(abs(end - read_to.get(partition, 0)) for partition, end in ends.items())
    return unread


def _port() -> int:
    """Returns a free port below those of outgoing connections, which could occupy the port of a stopped server."""
    return next(port for port in iter(lambda: Random().randrange(15_000, 32_000), None) if not answers(port))


def main() -> None:
    """Runs the proof, and deletes the folder if nothing is wrong."""
    parser = argparse.ArgumentParser(prog="aftale bench lossless")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two faults, on average")
    parser.add_argument(
        "--with-heads", action="store_true", help="compare with heads; adds faults that only this can correct"
    )
    parser.add_argument("--only", nargs="+", choices=Kind.__members__, metavar="KIND", help=", ".join(Kind.__members__))
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two commands of a caller")
    parser.add_argument(
        "--patience", type=float, default=120.0, help="seconds without progress after which it gives up"
    )
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs every injected fault
    folder = Path(tempfile.mkdtemp(prefix="aftale lossless "))
    state = State(folder)
    postgres, kafka = LocalPostgres(state, _port()), LocalKafka(state, _port(), _port())
    right = False
    try:
        postgres.start()
        kafka.start()
        postgres.wait_until_ready()
        kafka.wait_until_ready()
        upgrade(postgres.dsn)
        asyncio.run(topic.make(kafka.bootstrap))
        right = asyncio.run(_prove(postgres, kafka, folder, asked))
    finally:
        kafka.stop()
        postgres.stop()
        if right:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"\nLogs and data are kept in {folder}")
    sys.exit(not right)


if __name__ == "__main__":
    main()
