"""./aftale bench lossless [--seconds 60] [--seed 7]: everything fails around the log, and nothing may be missing.

Starts servers of its own in a temporary folder, four writers with eight callers each and two hearers, and lets faults
drawn from the seed happen to all of them. Then everything comes to rest, and is checked. Exits with 1 if anything is
wrong.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import asyncpg

from benchmarks.lossless.chaos import Chaos
from benchmarks.lossless.check import Finding, Journals, findings
from benchmarks.lossless.hearer import PROJECTED_TABLE
from benchmarks.lossless.troupe import Troupe
from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from deploy.local.state import State
from migrations.schemas import upgrade
from migrations.topics import create_topics

_BEHIND = """
select (select l.position - r.checkpoint from offers.log l, offers.relay r)
     + (select l.position - r.checkpoint from guidance.log l, guidance.relay r)
     + (select count(*) from offers.republications)
     + (select count(*) from offers.timers)
     + (select count(*) from offers.streams s left join guidance.inbox i on i.source = 'offers' and i.stream = s.id
        where coalesce(i.version, 0) < s.version)
     + (select count(*) from offers.streams s left join control.inbox i on i.source = 'offers' and i.stream = s.id
        where coalesce(i.version, 0) < s.version)
     + (select count(*) from guidance.streams s left join control.inbox i on i.source = 'guidance' and i.stream = s.id
        where coalesce(i.version, 0) < s.version)
"""


async def _prove(postgres: LocalPostgres, kafka: LocalKafka, folder: Path, seconds: float, seed: int) -> int:
    connection = await asyncpg.connect(postgres.dsn)
    await connection.execute("set role aftale_control")
    await connection.execute("set search_path to control")
    await connection.execute(PROJECTED_TABLE)
    await connection.close()
    troupe = Troupe.of(postgres.dsn, kafka.bootstrap, folder)
    chaos = Chaos(Random(seed), troupe, postgres, kafka)
    try:
        begun = time.monotonic()
        await chaos.reign(seconds)
        troupe.only_drain()
        rested = await _until_at_rest(postgres.dsn, troupe, patience=max(120.0, seconds / 2))
        troupe.end()
        took = time.monotonic() - begun
    finally:
        troupe.end()
    connection = await asyncpg.connect(postgres.dsn)
    found = await findings(connection, kafka.bootstrap, Journals.of(folder))
    await connection.close()
    _report(seed, took, chaos, troupe, found, rested=rested)
    return int(not rested or any(one.wrong for one in found))


async def _until_at_rest(dsn: str, troupe: Troupe, patience: float) -> bool:
    end = time.monotonic() + patience
    connection = await asyncpg.connect(dsn)
    try:
        while time.monotonic() < end:
            troupe.keep_running()
            if await connection.fetchval(_BEHIND) == 0:
                return True
            await asyncio.sleep(0.2)
        return False
    finally:
        await connection.close()


def _report(seed: int, took: float, chaos: Chaos, troupe: Troupe, found: list[Finding], *, rested: bool) -> None:
    print(f"\nseed {seed}, {took:.0f} s until everything had come to rest" + ("" if rested else ": IT DID NOT"))
    for name, count in sorted(chaos.done.items()):
        print(f"  {count:>6}  {name}")
    print(f"\n  {'looked at':>10}  {'wrong':>6}")
    for one in found:
        print(f"  {one.looked_at:>10,}  {one.wrong:>6,}  {one.what}")


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(prog="aftale bench lossless")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="aftale lossless "))
    state = State(folder)
    postgres, kafka = LocalPostgres(state, free_port()), LocalKafka(state, free_port(), free_port())
    code = 1
    try:
        postgres.start()
        kafka.start()
        postgres.wait_until_ready()
        kafka.wait_until_ready()
        upgrade(postgres.dsn)
        asyncio.run(create_topics(kafka.bootstrap))
        code = asyncio.run(_prove(postgres, kafka, folder, asked.seconds, asked.seed))
    finally:
        kafka.stop()
        postgres.stop()
        if code == 0:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"\nLogs and data are left in {folder}")
    sys.exit(code)


if __name__ == "__main__":
    main()
