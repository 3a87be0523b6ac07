"""Play the demo, or one short course per rule, on the running system and show it: python -m deploy.demo [rules]."""

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

from deploy.demo.courses import Stage
from deploy.demo.people import INSPECTORS, People, Unexpected
from deploy.demo.play import play, register_units
from deploy.demo.rules.play import play_rules, register_companies, show_protocol
from deploy.demo.rules.scene import Protocol
from deploy.demo.views import show
from deploy.local.foreign_facts import order_system
from deploy.local.virtual_time import NotTaken, VirtualTime
from shared.deadlines.copenhagen import local_day
from shared.eventstore.clock import VirtualClock
from shared.service import Settings

WIDTH = 160
"""Columns that the tables need."""
SERVICES = ("offers", "guidance", "control", "reporting")


class UsedBefore(Exception):
    """Something else than the demo has used the system, or an earlier one was cut off."""


@dataclass(frozen=True)
class Theatre:
    """The running system in which is played, and what was played there before."""

    settings: Settings
    people: People
    console: Console
    clock: VirtualClock
    demo_played: Path
    rules_played: Path

    @asynccontextmanager
    async def stage(self) -> AsyncIterator[tuple[Stage, VirtualTime]]:
        """With the order system, and time that moves."""
        connection = await asyncpg.connect(self.settings.postgres)
        virtual_time = VirtualTime(self.clock, connection)
        async with order_system(self.settings) as orders:
            yield Stage(self.people, orders, virtual_time.settle, self._say), virtual_time
        await connection.close()

    async def require_unused(self, command: str) -> None:
        """Raises UsedBefore."""
        connection = await asyncpg.connect(self.settings.postgres)
        used = await connection.fetchval("select offers.newest_position()")
        await connection.close()
        if used:
            raise UsedBefore(
                f"This system has been used before, or a demo was cut off: ./aftale reset, then ./aftale {command}."
            )

    def _say(self, what: str) -> None:
        self.console.print(f"{local_day(self.clock.now())}  {what}", soft_wrap=True)


async def demo(theatre: Theatre) -> None:
    """The 20 companies of the evaluation, and a few made-up ones."""
    console = theatre.console
    if not theatre.demo_played.exists():
        await theatre.require_unused("demo")
        begun = time.monotonic()
        await register_units(theatre.settings)
        async with theatre.stage() as (stage, virtual_time):
            acts = await play(stage, virtual_time)
        theatre.demo_played.touch()
        console.print(f"{acts} acts in {time.monotonic() - begun:.0f} s.\n")
    await show(console, theatre.people.inspector(INSPECTORS[0]))


async def rules(theatre: Theatre) -> None:
    """One short course per rule."""
    if not theatre.rules_played.exists():
        if not theatre.demo_played.exists():
            await theatre.require_unused("demo rules")
        begun = time.monotonic()
        await register_companies(theatre.settings)
        async with theatre.stage() as (stage, virtual_time):
            protocol = await play_rules(stage, virtual_time, local_day(theatre.clock.now()) + timedelta(days=1))
        protocol.keep(theatre.rules_played)
        theatre.console.print(f"{len(protocol.lines)} tries in {time.monotonic() - begun:.0f} s.")
    show_protocol(theatre.console, Protocol.read(theatre.rules_played))


async def main(what: str) -> None:
    """Play what has not been played yet, and show it."""
    settings = Settings.from_environment()
    addresses = {name: f"http://127.0.0.1:{os.environ[f'AFTALE_PORT_{name.upper()}']}" for name in SERVICES}
    console = Console(highlight=False, width=max(Console().width, WIDTH))
    async with httpx.AsyncClient(trust_env=False) as client:
        theatre = Theatre(
            settings=settings,
            people=People(client, addresses, settings.state),
            console=console,
            clock=VirtualClock(settings.state / "clock"),
            demo_played=settings.state / "demo-played",
            rules_played=settings.state / "rules-played",
        )
        await (rules(theatre) if what == "rules" else demo(theatre))
        console.print(
            f"\nThe clock stands still at {theatre.clock.now():%Y-%m-%d %H:%M} UTC. Everything is left running:"
        )
    for name, address in addresses.items():
        console.print(f"  {name:<10} {address}/v1/{name}/docs")
    console.print("Go on with: ./aftale status, ./aftale trace ID, ./aftale token inspector anna, ./aftale down")


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:2] or ["everything"]))
    except KeyboardInterrupt:
        sys.exit("\nCut off. ./aftale demo says how to go on.")
    except UsedBefore as used:
        sys.exit(str(used))
    except (Unexpected, NotTaken, TimeoutError, httpx.TransportError) as error:
        sys.exit(f"The demo stopped: {error}\nSee ./aftale logs; start over with ./aftale reset.")
