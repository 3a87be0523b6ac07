"""./aftale bench lossless [--seconds 60] [--seed 7] [--every 2] [--with-heads]: everything fails, nothing is missing.

Starts servers of its own in a temporary folder, four writers with eight callers each and two hearers, and lets faults
drawn from the seed happen to all of them, one every so many seconds. Then everything comes to rest, and is checked.
With --with-heads consumers compare what they have with the heads of their sources, and faults that only this can mend
come, too. --only RESTORE KILL lets nothing else happen than what is named.
Exits with 1 if anything is wrong.
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
from benchmarks.lossless.chaos import Chaos
from benchmarks.lossless.check import counts, findings, gather_evidence
from benchmarks.lossless.consumer_state import CONSUMERS, FOLLOWED
from benchmarks.lossless.evidence import HOLDS_TOKEN, Connection, make_tables
from benchmarks.lossless.faults import WITHOUT_HEADS, Fault, Kind, planned
from benchmarks.lossless.hearer import PROJECTED_TABLE
from benchmarks.lossless.subject import NEIGHBOURS
from benchmarks.lossless.troupe import Troupe
from deploy.local.kafka import LocalKafka
from deploy.local.patience import Patience
from deploy.local.ports import answers
from deploy.local.postgres import LocalPostgres
from deploy.local.state import State
from migrations.schemas import upgrade
from shared.service import AGREEMENTS_TOPIC

_LAST = Fault(0.0, Kind.UNREADABLE, 0.0, 0.5)
"""Whatever was drawn before, there is something to look at."""
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
_BEHIND_BESIDE = f"""
select (select count(*) from lossless.beside b where not exists (
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
    """Whether nothing is wrong."""
    await _make_tables(postgres.dsn)
    troupe = Troupe(
        postgres.dsn, kafka.bootstrap, folder, asked.seed, with_heads=asked.with_heads, pause_seconds=asked.pause
    )
    chaos = Chaos(troupe, postgres, kafka, folder, heads_are_compared=asked.with_heads)
    backlog = Backlog(postgres.dsn, troupe.hold)
    watching = asyncio.create_task(backlog.watch())
    try:
        await _until_all_work(postgres.dsn, troupe)
        begun = time.monotonic()
        faults = planned(asked.seed, asked.seconds, asked.every, _among(asked))
        await chaos.reign(faults, asked.seconds)
        await chaos.happens(_LAST)
        troupe.only_drain()
        rested = await _until_at_rest(
            postgres.dsn, kafka.bootstrap, troupe, asked.patience, with_heads=asked.with_heads
        )
    finally:
        troupe.end()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    at_rest_after = time.monotonic() - begun
    connection = await asyncpg.connect(postgres.dsn)
    await gather_evidence(connection, kafka.bootstrap, folder, chaos.topic_generation)
    found = await findings(connection)
    counted = await counts(connection)
    await connection.close()
    checked_after = time.monotonic() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"\nseed {asked.seed}, {asked.seconds:.0f} s with a fault every {asked.every:g} s; at rest after "
        f"{at_rest_after:.0f} s, checked after {checked_after:.0f} s in {memory} MB"
    )
    print(f"callers waited {backlog.held_seconds:.0f} s for those who follow; processes were started {troupe.starts}×")
    for what, count in (*counted.items(), *sorted(chaos.done.items())):
        print(f"{count:>12,}  {what}")
    print(f"\n{as_table(found)}")
    return _verdict(found, rested=rested, patience=asked.patience)


def _verdict(found: list[Finding], *, rested: bool, patience: float) -> bool:
    wrong = [one for one in found if one.wrong]
    idle = [one.what for one in found if one.looked_at == 0]
    if not rested:
        print(f"\nFAILED: it did not come to rest: nothing moved for {patience:.0f} s")
    if wrong:
        print("\nFAILED: " + "; ".join(one.what for one in wrong))
    if idle:
        print("\nFAILED: there was nothing to look at: " + "; ".join(idle))
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


async def _until_all_work(dsn: str, troupe: Troupe) -> None:
    """Every writer writes, and what it wrote comes to the last consumer."""
    connection = await asyncpg.connect(dsn)
    try:
        patience = Patience("The first fact on its way through all processes")
        while not (troupe.all_write() and await connection.fetchval("select exists (select from control.inbox)")):
            troupe.keep_running()
            written = await connection.fetchval("select offers.newest_position()")
            if not patience.keep_waiting((written, troupe.signs())):
                raise SystemExit(f"Nothing has moved for {patience.still_seconds:.0f} s: the logs say more.")
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def _until_at_rest(dsn: str, kafka: str, troupe: Troupe, patience: float, *, with_heads: bool) -> bool:
    """Nothing is left to publish, fire or take, and all that lies on the topic has been read, repeats too.

    With heads consumers have also compared all that their sources have published, and miss nothing.
    """
    connection = await asyncpg.connect(dsn)
    least, moved = None, time.monotonic()
    try:
        while time.monotonic() < moved + patience:
            troupe.keep_running()
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
        behind += int(await connection.fetchval(_BEHIND_BESIDE.format(consumer=consumer)))
    return behind


async def _not_compared(connection: Connection) -> int:
    """Positions of the sources, and streams that are known to be missing."""
    return sum(
        [
            int(await connection.fetchval(_NOT_COMPARED.format(source=source, consumer=consumer)))
            for source, consumer in FOLLOWED
        ]
    )


async def _unread(connection: Connection, kafka: str) -> int:
    """Records, by the positions of each consumer."""
    ends, unread = await topic.ends(kafka), 0
    for schema, consumer in CONSUMERS.items():
        rows = await connection.fetch(_READ_TO.format(consumer=schema), consumer, AGREEMENTS_TOPIC)
        read_to = {row["partition"]: row["next_offset"] for row in rows}
        unread += sum(abs(end - read_to.get(partition, 0)) for partition, end in ends.items())
    return unread


def _port() -> int:
    """A free one that no outgoing connection is given: it could take the place of a server that is away."""
    return next(port for port in iter(lambda: Random().randrange(15_000, 32_000), None) if not answers(port))


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(prog="aftale bench lossless")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two faults, on average")
    parser.add_argument("--with-heads", action="store_true", help="compare, and meet what only this can mend")
    parser.add_argument("--only", nargs="+", choices=Kind.__members__, metavar="KIND", help=", ".join(Kind.__members__))
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two commands of a caller")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds without any progress, to give up after")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it complains of every fault that happens here
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
            print(f"\nLogs and data are left in {folder}")
    sys.exit(not right)


if __name__ == "__main__":
    main()
