"""Commands that exchange names at random, and the model that says which of them may win."""

import asyncio
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson

from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.database import Database, open_database
from shared.eventstore.errors import NameReserved
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from tests.integration.eventstore.counter import FACTS, Counted

NAMES = [f"place/{number}" for number in range(8)]
HOLDERS = [UUID(int=number) for number in range(1, 6)]
AT_ONCE = 12
"""Commands that a process has under way at the same time, so that several fall into one group."""
_NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
Row = tuple[str, UUID]


@dataclass(frozen=True)
class Exchange:
    """Names that one command releases and reserves, with the streams that give and take them."""

    release: tuple[Row, ...] = ()
    reserve: tuple[Row, ...] = ()

    def change(self) -> Change:
        """Returns the command, which notes what it exchanges in an event of a stream of its own."""
        told = orjson.dumps({"release": self.release, "reserve": self.reserve}, default=str).decode()
        write = Write(uuid4(), 0, (Occurred(Counted(by=1, person=told), _NOW),))
        metadata = Metadata(command_id=uuid4(), actor="tester")
        return Change(metadata, (write,), reserve=self.reserve, release=self.release)

    @classmethod
    def noted(cls, person: str) -> "Exchange":
        """Returns what an event noted."""
        told = orjson.loads(person)
        release, reserve = (tuple((name, UUID(stream)) for name, stream in told[key]) for key in ("release", "reserve"))
        return cls(release, reserve)


def after(held: Mapping[str, UUID], exchange: Exchange) -> dict[str, UUID] | None:
    """Returns who holds which name after a command; None where it must be refused.

    A name is free for a command if nobody holds it, or if the command itself takes it from the stream that does.
    """
    left = {name: stream for name, stream in held.items() if (name, stream) not in exchange.release}
    for name, stream in exchange.reserve:
        if left.setdefault(name, stream) != stream:
            return None
    return left


def drawn(held: Mapping[str, UUID], chance: random.Random) -> Exchange:
    """Returns a swap, a ring of three, a pure release, a pure reservation, or a grab at what another holds."""
    kind, standing = chance.choice(["swap", "ring", "release", "take", "grab", "give twice"]), list(held.items())
    match kind:
        case "swap" | "ring" if len(standing) >= (size := 2 if kind == "swap" else 3):
            among = chance.sample(standing, size)
            names, holders = [name for name, _ in among], [holder for _, holder in among]
            return Exchange(tuple(among), tuple(zip(names, [*holders[1:], holders[0]], strict=True)))
        case "release" if standing:
            return Exchange(release=(chance.choice(standing),))
        case "give twice":
            name = chance.choice(NAMES)
            return Exchange(reserve=tuple((name, stream) for stream in chance.sample(HOLDERS, 2)))
        case "grab" if len(standing) >= 2:
            (one, gives), (other, _) = chance.sample(standing, 2)
            return Exchange(release=((one, gives),), reserve=((other, gives),))
        case _:
            return Exchange(reserve=((chance.choice(NAMES), chance.choice(HOLDERS)),))


async def reservations(database: Database) -> dict[str, UUID]:
    """Returns who holds which name."""
    async with database.acquire() as connection:
        return {row["name"]: row["stream"] for row in await connection.fetch("select name, stream from reservations")}


async def noted_exchanges(database: Database) -> Sequence[Exchange]:
    """Returns the commands that won, in the order of the log."""
    async with database.acquire() as connection:
        rows = await connection.fetch("select data ->> 'person' as noted from events order by position")
    return [Exchange.noted(row["noted"]) for row in rows]


async def exchange_at_random(dsn: str, seed: int, rounds: int) -> None:
    """Gives rounds of commands to one event store; each is drawn on what was held a moment before."""
    chance = random.Random(seed)
    async with open_database(dsn, "offers") as database, EventStore(database, EventTypes(FACTS)) as store:
        for _ in range(rounds):
            held = await reservations(database)
            changes = [drawn(held, chance).change() for _ in range(AT_ONCE)]
            outcomes = await asyncio.gather(*(store.append(change) for change in changes), return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, NameReserved):
                    raise outcome


if __name__ == "__main__":
    asyncio.run(exchange_at_random(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
