"""Measures what parked streams cost other streams: ./aftale bench parked [TURNS].

Feeds facts of 100 streams in batches to the consumer of reporting (a projector) and to one that answers each with a
command (a reactor). Turns without parked streams alternate with turns in which each batch has one more message per
hundred, of streams that are parked and whose facts keep coming. Prints the other streams' facts per second of wall time
and of Python's processor time, and the loss; the limit is 10 %. Uses its own database on the servers of `./aftale up`.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count, islice
from uuid import UUID

import uvloop
from uuid_utils.compat import uuid7

from benchmarks.lossless.subject import ECHO, ECHOES, Echo, Stepped
from benchmarks.own_database import own_database
from benchmarks.project import messages
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.service import NAME, Projection
from shared.eventstore.clock import RealClock
from shared.eventstore.commands import Intent
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.messaging.cloudevents import Message
from shared.messaging.consumer import Consumer
from shared.messaging.reactor import Reaction, Reactions, Reactor
from shared.messaging.received_fact import ReceivedFact

STREAMS = 100
FACTS_EACH = 12
BATCH = 400
POISONED = BATCH // 100
"""The number of parked streams; each batch has one further message of each of them."""
NOW = datetime(2026, 3, 5, tzinfo=UTC)


class PoisonedStreams:
    """Streams that are parked by their first message, and whose next messages keep coming."""

    def __init__(self, like: Message) -> None:
        self._like = like
        self._streams = [uuid7() for _ in range(POISONED)]
        self._versions = count(1)

    def next_of_each(self) -> list[Message]:
        """Returns the next message of each stream; the first ones cannot be decoded."""
        version = next(self._versions)
        body = "{not json" if version == 1 else self._like.body
        return [
            replace(self._like, stream=stream, version=version, event_id=uuid7(), body=body) for stream in self._streams
        ]


@dataclass
class ConsumerTimes:
    """The time that a consumer needed for facts of streams that are not parked."""

    facts: int = 0
    wall: float = 0.0
    python: float = 0.0

    async def turn(self, consumer: Consumer, facts: Sequence[Message], poisoned: PoisonedStreams | None) -> None:
        """Feeds facts in batches and measures the time; with `poisoned`, each batch has messages of parked streams."""
        batches = [list(facts[first : first + BATCH]) for first in range(0, len(facts), BATCH)]
        if poisoned is not None:
            for batch in batches:
                batch[1:1] = poisoned.next_of_each()
        wall, python = time.perf_counter(), time.process_time()
        for batch in batches:
            await consumer.take_messages(batch)
        self.wall += time.perf_counter() - wall
        self.python += time.process_time() - python
        self.facts += len(facts)


async def _compare(what: str, consumer: Consumer, facts: Iterator[Message], turns: int) -> None:
    turn = STREAMS * FACTS_EACH
    warm_up = list(islice(facts, turn))
    poisoned = PoisonedStreams(warm_up[0])
    await ConsumerTimes().turn(consumer, warm_up, poisoned)
    alone, beside = ConsumerTimes(), ConsumerTimes()
    for number in range(turns):
        pair = [(alone, None), (beside, poisoned)]
        for times, parked in pair if number % 2 else reversed(pair):
            await times.turn(consumer, list(islice(facts, turn)), parked)
    print(f"{what}, {alone.facts:,} facts each way in batches of {BATCH}")
    for name, times in (("nothing parked", alone), (f"{POISONED} streams parked", beside)):
        print(
            f"  {name:18} {times.facts / times.wall:8,.0f} facts/s  {times.facts / times.python:8,.0f} of Python alone"
        )
    print(f"  {'lost':18} {1 - alone.wall / beside.wall:8.1%}          {1 - alone.python / beside.python:8.1%}")


def steps() -> Iterator[Message]:
    """Yields facts of streams that grow concurrently."""
    while True:
        streams = [uuid7() for _ in range(STREAMS)]
        for version in range(1, FACTS_EACH + 1):
            yield from (_step(stream, version) for stream in streams)


def _step(stream: UUID, version: int) -> Message:
    return Message(
        source="offers",
        stream=stream,
        epoch=1,
        version=version,
        event_id=uuid7(),
        type="Stepped",
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body=Stepped(number=version).public_json(),
    )


async def echo(received: ReceivedFact) -> Reaction:
    return Reaction([Intent(ECHO, received.message.stream, Echo(received.message.version))])


async def never_ask(source: str, stream: UUID, version: int) -> None:
    raise AssertionError("nothing is missing")


async def _measure(dsn: str, turns: int) -> None:
    async with open_database(dsn, NAME, connections=4) as database:
        projection = Projection(database, KNOWN_FACTS, own_source=NAME, ask_again=never_ask)
        await _compare("projector", projection, messages((2 * turns + 1) * STREAMS, at_once=STREAMS), turns)
    async with open_database(dsn, "guidance") as database, EventStore(database, EventTypes(ECHOES)) as store:
        types = EventTypes([Stepped])
        reactions: Reactions = {Stepped: echo}
        reactor = Reactor(database, store, RealClock(), types, reactions, own_source="guidance", ask_again=never_ask)
        await _compare("reactor", reactor, steps(), turns)


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with own_database("parked") as dsn:
        uvloop.run(_measure(dsn, turns))


if __name__ == "__main__":
    main()
