"""Plays the demo, or one short course per rule, on the running system, and shows it: python -m deploy.demo [rules]."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
from rich.console import Console

from deploy.demo.courses import DemoContext
from deploy.demo.people import INSPECTORS, People, Unexpected
from deploy.demo.play import play, register_units
from deploy.demo.rules.play import play_rules, register_companies, show_protocol
from deploy.demo.rules.rule_scenario import Protocol
from deploy.demo.views import show
from deploy.local.foreign_facts import order_system
from deploy.local.virtual_time import NotTaken, VirtualTime
from shared.deadlines.copenhagen import local_day
from shared.eventstore.clock import VirtualClock
from shared.service import Settings

WIDTH = 160
"""Columns of the terminal that the tables need."""
SERVICES = ("offers", "guidance", "control", "notices", "reporting")


class UsedBefore(Exception):
    """The system has been used for something else than the demo, or an earlier demo was interrupted."""


@dataclass(frozen=True)
class DemoSystem:
    """The running system, and what has been played on it."""

    settings: Settings
    people: People
    console: Console
    clock: VirtualClock
    demo_played: Path
    rules_played: Path

    @asynccontextmanager
    async def context(self) -> AsyncIterator[tuple[DemoContext, VirtualTime]]:
        """Opens the order system and the virtual clock, for the courses."""
        connection = await asyncpg.connect(self.settings.postgres)
        virtual_time = VirtualTime(self.clock, connection)
        async with order_system(self.settings) as orders:
            yield DemoContext(self.people, orders, virtual_time.settle, self._say), virtual_time
        await connection.close()

    async def require_unused(self, command: str) -> None:
        """Raises UsedBefore if anything is recorded already."""
        connection = await asyncpg.connect(self.settings.postgres)
        used = await connection.fetchval("select offers.newest_position()")
        await connection.close()
        if used:
            raise UsedBefore(
                f"The system has been used already, or a demo was interrupted: ./aftale reset, then ./aftale {command}."
            )

    def _say(self, what: str) -> None:
        self.console.print(f"{local_day(self.clock.now())}  {what}", soft_wrap=True)


async def demo(system: DemoSystem) -> None:
    """Plays the 20 companies of the evaluation and a few made-up ones, and shows the result."""
    console = system.console
    if not system.demo_played.exists():
        await system.require_unused("demo")
        begun = time.monotonic()
        await register_units(system.settings)
        async with system.context() as (context, virtual_time):
            steps = await play(context, virtual_time)
        system.demo_played.touch()
        console.print(f"{steps} steps in {time.monotonic() - begun:.0f} s.\n")
    await show(console, system.people.inspector(INSPECTORS[0]))


async def rules(system: DemoSystem) -> None:
    """Plays one short course per rule, and shows what each rule answered."""
    if not system.rules_played.exists():
        if not system.demo_played.exists():
            await system.require_unused("demo rules")
        begun = time.monotonic()
        await register_companies(system.settings)
        async with system.context() as (context, virtual_time):
            protocol = await play_rules(context, virtual_time, local_day(system.clock.now()) + timedelta(days=1))
        protocol.save(system.rules_played)
        system.console.print(f"{len(protocol.lines)} commands and observations in {time.monotonic() - begun:.0f} s.")
    show_protocol(system.console, Protocol.read(system.rules_played))


async def main(what: str) -> None:
    """Plays what has not been played yet, and shows it."""
    settings = Settings.from_environment()
    addresses = {name: f"http://127.0.0.1:{os.environ[f'AFTALE_PORT_{name.upper()}']}" for name in SERVICES}
    console = Console(highlight=False, width=max(Console().width, WIDTH))
    async with httpx.AsyncClient(trust_env=False) as client:
        system = DemoSystem(
            settings=settings,
            people=People(client, addresses, settings.state),
            console=console,
            clock=VirtualClock(settings.state / "clock"),
            demo_played=settings.state / "demo-played",
            rules_played=settings.state / "rules-played",
        )
        await (rules(system) if what == "rules" else demo(system))
        console.print(f"\nThe clock is stopped at {system.clock.now():%Y-%m-%d %H:%M} UTC. Everything keeps running:")
    for name, address in addresses.items():
        console.print(f"  {name:<10} {address}/v1/{name}/docs")
    console.print("Continue with: ./aftale status, ./aftale trace ID, ./aftale token inspector anna, ./aftale down")


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:2] or ["everything"]))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. ./aftale demo says how to continue.")
    except UsedBefore as used:
        sys.exit(str(used))
    except (Unexpected, NotTaken, TimeoutError, httpx.TransportError) as error:
        sys.exit(f"The demo stopped: {error}\nSee ./aftale logs; start again after ./aftale reset.")
