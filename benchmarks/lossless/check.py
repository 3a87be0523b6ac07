"""What must hold once everything has come to rest; each check counts what it looked at and what was wrong."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.lossless.hearer import FINGERPRINT
from benchmarks.lossless.subject import FACTS, STEPS
from shared.kernel.cloudevents import read
from shared.kernel.events import EventTypes
from shared.service import AGREEMENTS_TOPIC

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


@dataclass(frozen=True)
class Finding:
    """One check: how much it looked at, and how much of it was wrong."""

    what: str
    looked_at: int
    wrong: int


@dataclass(frozen=True)
class Journals:
    """What the writers wrote down, by command."""

    asked: Mapping[UUID, str]
    """The last that is known of it: asked (unknown), acknowledged or lost."""

    @classmethod
    def of(cls, folder: Path) -> "Journals":
        """A line that a kill cut off says nothing."""
        asked: dict[UUID, str] = {}
        for file in folder.glob("journal-*"):
            for line in file.read_text().splitlines():
                parts = line.split()
                if len(parts) == 4:
                    asked[UUID(parts[1])] = parts[0]
        return cls(asked)

    def keys(self, what: str) -> list[UUID]:
        """Those of which this is the last that is known."""
        return [key for key, known in self.asked.items() if known == what]


async def findings(connection: Connection, kafka: str, journals: Journals) -> list[Finding]:
    """Every check."""
    return [
        *await _commands(connection, journals),
        *[await _dense(connection, source) for source in ("offers", "guidance")],
        await _streams(connection),
        await _side_rows(connection),
        *await _topic(connection, kafka),
        await _echoes(connection),
        await _projection(connection),
        await _inboxes(connection),
    ]


async def _commands(connection: Connection, journals: Journals) -> list[Finding]:
    counted = """
        with command as (select unnest($1::uuid[]) as key)
        select count(*) from (
          select command.key, count(e.position) as events,
                 (select count(*) from offers.handled h where h.key = command.key) as marks
          from command left join offers.events e
            on e.type in ('Stepped', 'Claimed', 'Freed') and (e.data ->> 'key')::uuid = command.key
          group by command.key) as c
        where not ({holds})"""
    acknowledged, lost, unknown = (journals.keys(what) for what in ("acknowledged", "lost", "asked"))
    return [
        Finding(
            "acknowledged commands that are in the log once, with their key",
            len(acknowledged),
            await connection.fetchval(counted.format(holds="events = 1 and marks = 1"), acknowledged),
        ),
        Finding(
            "commands that lost, of which nothing was kept",
            len(lost),
            await connection.fetchval(counted.format(holds="events = 0 and marks = 0"), lost),
        ),
        Finding(
            "commands cancelled or cut off, kept whole or not at all",
            len(unknown),
            await connection.fetchval(counted.format(holds="events = marks and events <= 1"), unknown),
        ),
    ]


async def _dense(connection: Connection, source: str) -> Finding:
    count, lowest, highest, position = await connection.fetchrow(
        f"""select count(*), coalesce(min(position), 1), coalesce(max(position), 0), (select position from {source}.log)
            from {source}.events"""
    ) or (0, 0, 0, 0)
    return Finding(f"positions of {source}, dense", count, abs(position - count) + abs(highest - count) + lowest - 1)


async def _streams(connection: Connection) -> Finding:
    """Versions are dense, and their positions rise with them."""
    count, wrong = await connection.fetchrow(
        """select count(*), count(*) filter (where version <> rank or position <= coalesce(before, 0)) from (
             select version, position, row_number() over (partition by stream order by version) as rank,
                    lag(position) over (partition by stream order by version) as before from offers.events) as e"""
    ) or (0, 1)
    return Finding("events in the order of their stream", count, wrong)


async def _side_rows(connection: Connection) -> Finding:
    """Timers and reservations are those that the log calls for, and no others."""
    types = EventTypes(FACTS)
    wanted: set[tuple[str, str]] = set()
    streams: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch("select stream, type, data from offers.events order by position"):
        streams[row["stream"]].append(row)
    for stream, rows in streams.items():
        state = STEPS.fold([types.restore(row["type"], json.loads(row["data"]), 1) for row in rows])
        wanted |= {(str(stream), f"steps:{name}") for name in STEPS.timers(state)}
        wanted |= {(str(stream), name) for name in STEPS.reservations(state)}
    held = {
        (str(row["stream"]), row["name"])
        for table in ("timers", "reservations")
        for row in await connection.fetch(f"select stream, name from offers.{table}")
    }
    return Finding("timers and reservations, as the log calls for them", len(held | wanted), len(held ^ wanted))


async def _topic(connection: Connection, kafka: str) -> list[Finding]:
    """Every event is on Kafka; the first time that each version of a stream comes, they come in order."""
    newest: dict[tuple[str, UUID], int] = defaultdict(int)
    reordered = messages = 0
    seen: set[UUID] = set()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [
            TopicPartition(AGREEMENTS_TOPIC, n) for n in consumer.partitions_for_topic(AGREEMENTS_TOPIC) or ()
        ]
        partitions = partitions or [TopicPartition(AGREEMENTS_TOPIC, n) for n in range(48)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(one) < end for one, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                for record in records:
                    message = read(record.headers, record.value)
                    messages += 1
                    seen.add(message.event_id)
                    key = (message.source, message.stream)
                    reordered += message.version > newest[key] + 1
                    newest[key] = max(newest[key], message.version)
    finally:
        await consumer.stop()
    in_logs = {
        row["event_id"]
        for source in ("offers", "guidance")
        for row in await connection.fetch(f"select event_id from {source}.events")
    }
    return [
        Finding("events on the topic (missed, or of nobody)", len(in_logs), len(in_logs ^ seen)),
        Finding("messages in the order of their stream", messages, reordered),
    ]


async def _echoes(connection: Connection) -> Finding:
    """Effects happened once, and in order."""
    count, wrong = await connection.fetchrow(
        """select count(*), count(*) filter (where step is distinct from echo) from (
             select * from
               (select stream, data ->> 'key' as step, row_number() over (partition by stream order by version) as n
                from offers.events where type = 'Stepped') as s
             full join
               (select stream, data ->> 'key' as echo, row_number() over (partition by stream order by version) as n
                from guidance.events where type = 'Echoed') as e using (stream, n)) as pair"""
    ) or (0, 1)
    return Finding("steps with one effect each in the other service", count, wrong)


async def _projection(connection: Connection) -> Finding:
    fold = " union all ".join(
        f"""select '{source}' as source, stream, count(*) as facts,
                   sum({FINGERPRINT.format(version="version", event_id="event_id")})::bigint as fingerprint
            from {source}.events group by stream"""
        for source in ("offers", "guidance")
    )
    count, wrong = await connection.fetchrow(
        f"""select count(*), count(*) filter (where (p.facts, p.fingerprint) is distinct from (f.facts, f.fingerprint))
            from control.projected p full join ({fold}) as f using (source, stream)"""
    ) or (0, 1)
    return Finding("rows of the projection, equal to a fold of the logs", count, wrong)


async def _inboxes(connection: Connection) -> Finding:
    """Each consumer stands at the newest version of each stream, and nothing is parked."""
    count = wrong = 0
    for source, consumer in (("offers", "guidance"), ("offers", "control"), ("guidance", "control")):
        total, behind = await connection.fetchrow(
            f"""select count(*), count(*) filter (where i.version is distinct from s.version)
                from {source}.streams s full join (select * from {consumer}.inbox where source = '{source}') i
                  on i.stream = s.id"""
        ) or (0, 1)
        count, wrong = count + total, wrong + behind
    parked = await connection.fetchval(
        "select (select count(*) from guidance.parked) + (select count(*) from control.parked)"
    )
    return Finding("places in the inboxes, and nothing parked", count, wrong + parked)
