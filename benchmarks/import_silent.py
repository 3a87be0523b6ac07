"""Imports old agreements and counts what becomes of them (R28, R29, R30): ./aftale bench import_silent [AGREEMENTS].

Five real processes, with a mailbox, on a database of their own and on a virtual clock. At least as many agreements as
are named (5,000 unless told otherwise) come in as an import records them, by the deciders of offers and control with
the origin of their facts: open, unanswered, running and over ones, and such that were declined, withdrawn or
terminated. Each has a contact with an e-mail address. Then the clock moves on by half a year. Nobody may be told of any
of them, nothing booked, no timer armed and no task opened. Then one of each kind that is alive is brought in the same
way, for which all of that happens: otherwise the counts would show nothing. Prints the times and the counts; exits with
1 if something was not silent, if an agreement is missing in the view, or if nothing was told of those that are alive.
Uses the servers of `./aftale up`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import uvloop

from benchmarks.own_database import own_database
from shared.eventstore.events import Origin
from tests.imported_courses import KINDS, RUNNING, WITHDRAWN
from tests.integration.system.course import UNIT
from tests.integration.system.running_system import RunningSystem, running_system
from tests.silent_history import import_courses, import_endings, loud

_TERMINATED = "terminated"
_ALL_KINDS = {**KINDS, "withdrawn": WITHDRAWN, _TERMINATED: RUNNING}
_LATER = timedelta(days=183)
_IN_VIEW = "select count(*) from reporting.case_core where audience = 'authority'"
_FACTS = "select count(*) from reporting.facts where origin = 'imported'"
_BEHIND_THE_IMPORTED = 10_000_000
"""The number of the first unit of those that are alive."""


@dataclass(frozen=True)
class Shown:
    """What an import shows."""

    agreements: int
    imported_seconds: float
    """Until the facts of the import stood at their owners."""
    taken_seconds: float
    """Until every service had taken them."""
    facts: int
    in_view: int
    loud: Mapping[str, int]
    """What was not silent."""
    loud_alive: Mapping[str, int]
    """The same, with one of each kind that is alive."""


async def import_and_count(dsn: str, kafka: str, state: Path, agreements: int) -> Shown:
    """Imports, waits for half a year, and counts."""
    of_each = -(-agreements // len(_ALL_KINDS))
    async with running_system(dsn, kafka, state) as system:
        await system.register(UNIT)
        begun = time.perf_counter()
        history = await import_courses(system, of_each, _ALL_KINDS)
        imported = time.perf_counter() - begun
        await system.time.settle()
        await import_endings(system, history[_TERMINATED])
        await system.time.settle()
        taken = time.perf_counter() - begun
        await system.time.advance_to(system.time.clock.now() + _LATER)
        found, in_view, facts = await loud(system), await _count(dsn, _IN_VIEW), await _count(dsn, _FACTS)
        alive = await _alive(system)
    return Shown(of_each * len(_ALL_KINDS), imported, taken, facts, in_view, found, alive)


async def _alive(system: RunningSystem) -> Mapping[str, int]:
    """Brings in one of each kind that is alive, and returns what there is of it some days later."""
    await import_courses(system, 1, origin=Origin.LIVE, first_unit=_BEHIND_THE_IMPORTED)
    await system.time.advance_to(system.time.clock.now() + timedelta(days=5))
    return await loud(system)


async def _count(dsn: str, query: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


def main(agreements: int) -> int:
    """Imports, prints, and returns the exit code. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    with own_database("import_silent") as dsn, tempfile.TemporaryDirectory(prefix="aftale-bench-") as state:
        shown = uvloop.run(import_and_count(dsn, os.environ["AFTALE_KAFKA"], Path(state), agreements))
    print(f"{shown.agreements:,} agreements of {len(_ALL_KINDS)} kinds, {shown.facts:,} facts")
    print(f"recorded in {shown.imported_seconds:.1f} s, taken by every service after {shown.taken_seconds:.1f} s")
    print(f"in the view: {shown.in_view:,}")
    print(f"not silent after {_LATER.days} days: {dict(shown.loud) or 'nothing'}")
    print(f"of one of each kind that is alive: {dict(shown.loud_alive)}")
    is_right = not shown.loud and shown.in_view == shown.agreements and shown.loud_alive.get("e-mails", 0) > 0
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
