"""One process that consumes: it records an echo of every arrival, and counts every fact in a projection."""

import sys
from collections.abc import Sequence

import uvloop

from benchmarks.lossless.subject import ECHO, ECHOES, FACTS, NEIGHBOURS, Arrived, Echo
from shared.eventstore.clock import RealClock
from shared.eventstore.commands import Intent
from shared.eventstore.database import Connection, open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.messaging.bus import Bus, Kafka, Publishers
from shared.messaging.projector import Projector
from shared.messaging.reactor import Reaction, Reactor
from shared.messaging.received_fact import ReceivedFact
from shared.messaging.relay import Relay
from shared.service import AGREEMENTS_TOPIC, republisher
from shared.telemetry.logs import configure_logs

SOURCE, PROJECTION = "guidance", "control"
REACTIONS, FOLD = "reactions", "projection"
"""The names of the two consumers."""
WITH_HEADS = frozenset({"offers", SOURCE})
"""Sources with a log of their own, which report its heads."""
SOURCES = WITH_HEADS | {NEIGHBOURS}
"""The sources whose facts are accepted on the topic."""
PROJECTED_TABLE = """
create table projected (
  source text not null, stream uuid not null, facts bigint not null, fingerprint bigint not null,
  newest int not null, reordered bigint not null, primary key (source, stream)) with (fillfactor = 70)
"""
"""A fold that reveals missing or doubled facts (count and fingerprint), and facts out of order."""
FINGERPRINT = "({version}::bigint * (hashtext({event_id}::text) % 1000003))"


class Counting(Projector):
    """Counts facts per stream."""

    async def apply(self, connection: Connection, facts: Sequence[ReceivedFact]) -> None:
        """Implements Projector.apply."""
        await connection.execute(
            f"""with fact as (
                  select source, stream, version, event_id,
                         lag(version) over (partition by source, stream order by ordinal) as before
                  from unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[]) with ordinality
                       as f(source, stream, version, event_id, ordinal))
                insert into projected as p (source, stream, facts, fingerprint, newest, reordered)
                select source, stream, count(*), sum({FINGERPRINT.format(version="version", event_id="event_id")}),
                       max(version), count(*) filter (where version <> before + 1)
                from fact group by source, stream
                on conflict (source, stream) do update
                set facts = p.facts + excluded.facts, fingerprint = p.fingerprint + excluded.fingerprint,
                    newest = greatest(p.newest, excluded.newest),
                    reordered = p.reordered + excluded.reordered
                      + (excluded.newest - excluded.facts <> p.newest)::int""",
            [one.message.source for one in facts],
            [one.message.stream for one in facts],
            [one.message.version for one in facts],
            [one.message.event_id for one in facts],
        )


async def _react(received: ReceivedFact) -> Reaction:
    return Reaction([Intent(ECHO, received.message.stream, Echo(received.message.version))])


async def main(postgres: str, kafka: str, *, with_heads: bool) -> None:
    """Consumes until killed. Without heads nothing corrects what was skipped, so that the checks find it."""
    cluster = Kafka(kafka)
    async with (
        open_database(postgres, SOURCE) as database,
        open_database(postgres, PROJECTION) as projection,
        EventStore(database, EventTypes(ECHOES)) as store,
    ):
        bus, projecting = Bus(cluster, SOURCE), Bus(cluster, PROJECTION)
        reactor = Reactor(
            database,
            store,
            RealClock(),
            EventTypes(FACTS),
            {Arrived: _react},
            own_source=SOURCE,
            ask_again=bus.ask_again,
        )
        counting = Counting(
            projection, EventTypes((*FACTS, *ECHOES)), own_source=PROJECTION, ask_again=projecting.ask_again
        )
        bus.consume(AGREEMENTS_TOPIC, reactor, purpose=REACTIONS, sources=Publishers(SOURCES))
        bus.republish_on_request(republisher(database), database)
        projecting.consume(AGREEMENTS_TOPIC, counting, purpose=FOLD, sources=Publishers(SOURCES))
        if with_heads:
            bus.compare(reactor, purpose=REACTIONS, sources=WITH_HEADS)
            projecting.compare(counting, purpose=FOLD, sources=WITH_HEADS)
        relay = Relay(dsn=postgres, source=SOURCE, topic=AGREEMENTS_TOPIC, kafka=cluster, store=store)
        async with bus.connected(), projecting.connected():
            await relay.run()


if __name__ == "__main__":
    configure_logs()
    _postgres, _kafka, _, _, _, _with_heads, _ = sys.argv[1:]
    uvloop.run(main(_postgres, _kafka, with_heads=_with_heads == "1"))
