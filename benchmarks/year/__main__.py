"""Plays a year of agreements through all services: ./aftale bench year [AGREEMENTS] [LOAD] [--kills 24].

Five real processes on servers of their own, on a virtual clock that moves by days of Copenhagen, under the policy with
plans from acceptance. What happens is the world of `./aftale bench planning`, drawn from the seed in
benchmarks/planning/rates.toml, with offers, guidance and orders around it: agreements are documented, extended, handed
over, converted and change owner, and inspectors are away, foreseen or not. At moments that are drawn, one of the
processes is killed and starts again. All of it goes over the public HTTP interfaces. Ctrl-C ends the counted year
early, on the day that is played, and counts what there is.

People are told by e-mail; the mail server refuses some messages for now, some for ever, and ends some connections
before its answer.

At the end everything is counted from control's facts alone, as for the planning benchmark; messages are counted by
Message-ID in the mailbox; and checked are the parked messages, the completeness of each service, timers and
reservations, and that a rebuild gives the same view. Exits with 1 if a place was given twice, an announced visit moved
untold, a visit was late without a word in time or without a reason, fewer than half of the warnings were right, or a
check fails.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import asyncpg

from benchmarks.findings import Finding, as_table
from benchmarks.own_database import own_database
from benchmarks.planning.__main__ import faults
from benchmarks.planning.count import Counted, count
from benchmarks.planning.play import Played, room_for_visits
from benchmarks.planning.report import as_table as as_years
from benchmarks.planning.world import World, draw_world, load_rates
from benchmarks.year import check
from benchmarks.year.acts import person_id
from benchmarks.year.by_days import Agenda, play_by_days
from benchmarks.year.cases import Cases, Surroundings, unit
from benchmarks.year.facts import ControlFacts
from benchmarks.year.mail import UnreliableMailServer, told
from benchmarks.year.rates import Plan, draw_plans
from deploy.local.servers import local_servers
from services.control.service import SERVICE
from shared.contracts.vocabulary import Span
from shared.deadlines.copenhagen import local_day, start_of
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.policy.policies import load_policies
from tests.integration.system.running_system import SERVICES, RunningSystem, running_system

_KILLED_WITHIN_SECONDS = 0.5
"""Of the acts of an instant: so the process ends among them, or while the clock moves on."""
_REGISTERED_BEFORE = timedelta(days=365)


@dataclass(frozen=True)
class Shown:
    """What a played year shows."""

    counted: Counted
    found: Sequence[Finding]
    late_unexplained: int
    saved: Counter[str]
    refused: Sequence[str]
    killed: int
    seconds: float
    of_mail: Sequence[str] = ()
    """Figures of messages, in words."""


class Killer:
    """Kills processes at moments that are drawn, and starts them again without waiting until they answer."""

    def __init__(self, system: RunningSystem, kills: int, first: date, last: date) -> None:
        # Without a seed: what is killed when is other in each run.
        drawn = Random()
        days = (last - first).days
        self._system = system
        self._left = sorted(
            (first + timedelta(days=drawn.randrange(days)), drawn.choice(SERVICES), drawn.random())
            for _ in range(kills)
        )
        self.killed = 0

    def plan(self, instant: datetime) -> None:
        """Kills what is due by the day of an instant, a moment from now."""
        while self._left and self._left[0][0] <= local_day(instant):
            _, name, part = self._left.pop(0)
            asyncio.get_running_loop().call_later(part * _KILLED_WITHIN_SECONDS, self._kill, name)

    def _kill(self, name: str) -> None:
        self._system.kill_and_start_again(name)
        self.killed += 1


class Progress:
    """Prints on standard error how far the year has come, once a month."""

    def __init__(self, facts: ControlFacts) -> None:
        self._facts, self._begun = facts, time.monotonic()
        self._month = 0

    def __call__(self, instant: datetime) -> None:
        """Is told of each instant that was played."""
        if instant.month != self._month:
            self._month = instant.month
            took = time.monotonic() - self._begun
            held = len(self._facts.visits.held)
            print(f"{instant:%Y-%m-%d}: {held:,} visits held, {took:,.0f} s", file=sys.stderr, flush=True)


async def play_year(dsn: str, kafka: str, state: Path, asked: argparse.Namespace) -> Shown:
    """Plays the year and returns what it shows."""
    rates = load_rates()
    world = draw_world(asked.agreements, asked.load / 100, rates)
    plans = draw_plans(world, rates)
    first = min(plan.offered_on for plan in plans)
    connection = await asyncpg.connect(dsn)
    try:
        mail = UnreliableMailServer()
        begins = start_of(first).astimezone(UTC)
        async with running_system(dsn, kafka, state, begins=begins, mail=mail.hooks()) as system:
            await system.register(*(unit(plan, plan.cvr, first - _REGISTERED_BEFORE) for plan in plans))
            shown = await _play(system, connection, dsn, world, plans, asked.kills)
            of_mail = await told(connection, mail, state, system.time.clock.now())
            return replace(shown, found=[*shown.found, *of_mail.findings], of_mail=of_mail.lines)
    finally:
        await connection.close()


async def _play(
    system: RunningSystem, connection: check.Connection, dsn: str, world: World, plans: Sequence[Plan], kills: int
) -> Shown:
    facts, agenda, begun = ControlFacts(connection), Agenda(), time.monotonic()
    first = min(plan.offered_on for plan in plans)
    around = Surroundings(system.people, facts, system.time.clock, load_policies(), system.register)
    cases = Cases(world, load_rates(), plans, agenda, around)
    await cases.begin(first)
    killer, progress = Killer(system, kills, first, world.year.last), Progress(facts)

    async def arrive(instant: datetime) -> None:
        await cases.arrive(instant)
        killer.plan(instant)

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, cases.end_year)
    await play_by_days(agenda, system.time.advance_by_days, arrive, progress)
    await system.until_healthy(*SERVICES)
    await system.time.settle()
    await facts.follow()
    took = time.monotonic() - begun
    found = [
        Finding("acts of people, none refused", cases.acts, otherwise=len(cases.refused)),
        *await check.findings(connection, dsn, system.people.operator(), cases.offers),
    ]
    played = Played(facts.appended, facts.visits.held, cases.rescued, await _room(dsn, world, cases.year))
    counted = count(cases.year, around.policies, played)
    counted.seconds = took
    visits = facts.visits
    return Shown(counted, found, visits.late_unexplained, visits.saved, cases.refused, killer.killed, took)


async def _room(dsn: str, world: World, year: Span) -> dict[str, int]:
    """R42: returns what the directory of the services says of each inspector's room for visits."""
    policies = load_policies()
    control, people = EventTypes(SERVICE.facts), [person_id(one.person_id) for one in world.people]
    async with open_database(dsn, "control") as database, EventStore(database, control) as store:
        runtime: Any = SimpleNamespace(policies=policies, store=store, database=database)
        return await room_for_visits(runtime, people, year, policies.at(start_of(year.first)))


def _print(heading: str, shown: Shown) -> list[str]:
    """Prints what the year shows; returns what must not be."""
    print(as_years({heading: shown.counted}))
    print(f"\nvisits saved: {dict(shown.saved) or 'none'}; {shown.killed} processes killed, {shown.seconds:,.0f} s\n")
    print("\n".join([*shown.of_mail, ""]))
    print(as_table(shown.found))
    wrong = [*faults({heading: shown.counted}), *(one.what for one in shown.found if one.wrong)]
    wrong += [f"nothing was checked: {one.what}" for one in shown.found if not one.looked_at]
    wrong += shown.refused
    if shown.late_unexplained:
        wrong.append(f"{shown.late_unexplained:,} late visits have no reason (R17)")
    return wrong


def main() -> None:
    """Plays, prints and exits."""
    asking = argparse.ArgumentParser(prog="./aftale bench year", description=(__doc__ or "").split("\n\n")[0])
    asking.add_argument("agreements", nargs="?", type=int, default=2_000)
    asking.add_argument("load", nargs="?", type=int, default=85, help="per cent of the places in the calendars")
    asking.add_argument("--kills", type=int, default=load_rates()["faults"]["kills"])
    asked = asking.parse_args()
    state = Path(tempfile.mkdtemp(prefix="aftale year "))
    try:
        with local_servers(state) as servers:
            os.environ["AFTALE_POSTGRES"] = servers.postgres_dsn
            with own_database("year") as dsn:
                shown = asyncio.run(play_year(dsn, servers.kafka_bootstrap, state, asked))
    finally:
        shutil.rmtree(state, ignore_errors=True)
    wrong = _print(f"{asked.agreements:,} agreements, {asked.load} %", shown)
    for one in wrong:
        print(f"FAILED: {one}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
