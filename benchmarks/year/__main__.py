"""Plays a year of agreements through all services: ./aftale bench year [AGREEMENTS] [--seed 2811] [--kills 24].

Four real processes on servers of their own, on a virtual clock that moves by days of Copenhagen. What happens in each
course is drawn from the seed, by the rates in benchmarks/year/rates.toml; on days that the seed gives, one of the
processes is killed and starts again. At the end it counts what became of the agreements, and checks from the facts that
no place in a calendar was given twice, that no control was late without a reason, that every agreement came to its end,
and that a rebuild gives the same view. Exits with 1 if one of these fails.
"""

import argparse
import asyncio
import csv
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import asyncpg

from benchmarks.findings import Finding, as_table
from benchmarks.own_database import own_database
from benchmarks.year import check
from benchmarks.year.by_days import play_by_days
from benchmarks.year.courses import course
from benchmarks.year.rates import Plan, draw_plans, inspectors, load_rates
from deploy.local.servers import local_servers
from shared.contracts.register import UnitRegistered
from shared.deadlines.copenhagen import start_of
from shared.http.tokens import Role, pseudonym
from tests.integration.system.running_system import SERVICES, RunningSystem, running_system

FIRST_DAY = date(2026, 1, 5)
_ENDED_BY = 540
"""Days after the first one until all courses have ended, follow-ups apart."""
_YEAR = 365


def units(plans: Sequence[Plan]) -> list[UnitRegistered]:
    """Returns the units of the year, each of a company of its own."""
    return [
        UnitRegistered(
            p_number=plan.p_number,
            cvr=plan.cvr,
            name=f"Company {plan.number}",
            industry=plan.industry,
            sector=plan.sector,
            size_class="10-34",
            effective_from=FIRST_DAY - timedelta(days=_YEAR),
        )
        for plan in plans
    ]


def write_directory(file: Path, rates: dict[str, Any]) -> None:
    """R42: writes the inspectors of the year, spread over the centres in turns."""
    centres = rates["people"]["centres"]
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["id", "name", "centre"])
        for number, name in enumerate(inspectors(rates)):
            writer.writerow([pseudonym(Role.INSPECTOR, name), name, centres[number % len(centres)]])


class Killer:
    """Kills a process on some evenings, and starts it again without waiting until it answers."""

    def __init__(self, system: RunningSystem, kills: int, seed: int) -> None:
        drawn = Random(seed)
        self._system = system
        self._left = sorted(
            (start_of(FIRST_DAY) + timedelta(days=drawn.randrange(_YEAR)), drawn.choice(SERVICES)) for _ in range(kills)
        )
        self.killed = 0

    def __call__(self, evening: datetime) -> None:
        while self._left and self._left[0][0] <= evening:
            _, name = self._left.pop(0)
            self._system.kill_and_start_again(name)
            self.killed += 1


async def play_year(dsn: str, kafka: str, state: Path, asked: argparse.Namespace) -> bool:
    """Plays the year and prints what it shows; returns whether everything held."""
    rates = load_rates()
    plans = draw_plans(asked.agreements, FIRST_DAY, asked.seed, rates)
    begins = start_of(FIRST_DAY).astimezone(UTC)
    async with running_system(dsn, kafka, state, begins=begins) as system:
        await system.register(*units(plans))
        killer = Killer(system, asked.kills, asked.seed)
        begun = time.monotonic()
        courses = [course(system.people.of_one_case(), plan, rates, system.time.clock) for plan in plans]
        steps = await play_by_days(courses, system.time.advance_by_days, killer)
        await system.time.advance_by_days(begins + timedelta(days=_ENDED_BY))
        took = time.monotonic() - begun
    connection = await asyncpg.connect(dsn)
    try:
        counted = await check.bookings(connection)
        found = await check.findings(connection, dsn, asked.agreements, counted)
        _print(await check.statuses(connection), counted, asked.agreements)
    finally:
        await connection.close()
    print(f"\n{steps:,} steps in {took:,.0f} s, {killer.killed} processes killed, seed {asked.seed}\n")
    print(as_table(found))
    return _holds(found)


def _print(statuses: Counter[str], counted: check.Bookings, agreements: int) -> None:
    for status, number in sorted(statuses.items()):
        print(f"{number:>8,}  {number / agreements:6.1%}  {status}")
    in_window = counted.held - counted.held_late
    loads = sorted(counted.per_inspector.values()) or [0]
    print(
        f"\n{counted.held:,} controls held, {in_window / max(1, counted.held):.1%} in their window; bookings made "
        f"{counted.made:,}, moved {counted.replaced:,}; late by reason: {dict(counted.by_reason) or 'none'}\n"
        f"controls per inspector: least {loads[0]}, median {median(loads):g}, most {loads[-1]}"
    )


def _holds(found: Sequence[Finding]) -> bool:
    wrong = [one.what for one in found if one.wrong]
    idle = [one.what for one in found if not one.looked_at]
    for what in (*wrong, *(f"nothing was checked: {one}" for one in idle)):
        print(f"FAILED: {what}")
    return not wrong and not idle


def main() -> None:
    asking = argparse.ArgumentParser(prog="./aftale bench year", description=(__doc__ or "").split("\n\n")[0])
    asking.add_argument("agreements", nargs="?", type=int, default=2_000)
    asking.add_argument("--seed", type=int, default=2811)
    asking.add_argument("--kills", type=int, default=load_rates()["faults"]["kills"])
    asked = asking.parse_args()
    state = Path(tempfile.mkdtemp(prefix="aftale year "))
    try:
        write_directory(state / "inspectors.csv", load_rates())
        os.environ["AFTALE_PEOPLE"] = str(state / "inspectors.csv")
        with local_servers(state) as servers:
            os.environ["AFTALE_POSTGRES"] = servers.postgres_dsn
            with own_database("year") as dsn:
                held = asyncio.run(play_year(dsn, servers.kafka_bootstrap, state, asked))
    finally:
        shutil.rmtree(state, ignore_errors=True)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
