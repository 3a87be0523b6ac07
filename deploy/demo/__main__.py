"""Play the demo on the running system and show what came of it: python -m deploy.demo."""

import asyncio
import os
import sys
import time

import asyncpg
import httpx
from rich.console import Console

from deploy.demo.courses import Stage
from deploy.demo.people import INSPECTORS, People, Unexpected
from deploy.demo.play import play, register_units
from deploy.demo.views import show
from deploy.local.foreign_facts import order_system
from deploy.local.virtual_time import NotTaken, VirtualTime
from shared.deadlines.copenhagen import local_day
from shared.kernel.clock import VirtualClock
from shared.service import Settings

WIDTH = 160
"""Columns that the tables need."""
SERVICES = ("offers", "guidance", "control", "reporting")


async def main() -> int:
    """Exit code 1 where something else than this demo has used the system, or an earlier demo was cut off."""
    settings = Settings.from_environment()
    state, postgres, kafka = settings.state, settings.postgres, settings.kafka
    addresses = {name: f"http://127.0.0.1:{os.environ[f'AFTALE_PORT_{name.upper()}']}" for name in SERVICES}
    played = state / "demo-played"
    console = Console(highlight=False, width=max(Console().width, WIDTH))
    clock = VirtualClock(state / "clock")
    async with httpx.AsyncClient(trust_env=False) as client:
        people = People(client, addresses, state)
        if not played.exists():
            connection = await asyncpg.connect(postgres)
            if await connection.fetchval("select position from offers.log"):
                console.print(
                    "This system has been used before, or a demo was cut off: ./aftale reset, then ./aftale demo."
                )
                return 1
            begun = time.monotonic()
            await register_units(postgres, kafka)
            virtual_time = VirtualTime(clock, connection)
            async with order_system(postgres, kafka) as orders:
                stage = Stage(
                    people,
                    orders,
                    virtual_time.settle,
                    lambda what: console.print(f"{local_day(clock.now())}  {what}", soft_wrap=True),
                )
                acts = await play(stage, virtual_time)
            await connection.close()
            played.touch()
            console.print(f"{acts} acts in {time.monotonic() - begun:.0f} s.\n")
        await show(console, people.inspector(INSPECTORS[0]))
    console.print(f"\nThe clock stands still at {clock.now():%Y-%m-%d %H:%M} UTC. Everything is left running:")
    for name, address in addresses.items():
        console.print(f"  {name:<10} {address}/v1/{name}/docs")
    console.print("Go on with: ./aftale status, ./aftale trace ID, ./aftale token inspector anna, ./aftale down")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit("\nCut off. ./aftale demo says how to go on.")
    except (Unexpected, NotTaken, TimeoutError, httpx.TransportError) as error:
        sys.exit(f"The demo stopped: {error}\nSee ./aftale logs; start over with ./aftale reset.")
