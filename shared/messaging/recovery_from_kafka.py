"""Recovers own facts that the database lacks from Kafka, after it was restored from a backup or lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from shared.eventstore.database import Connection, Database
from shared.eventstore.decider import Decider
from shared.eventstore.events import EventTypes
from shared.messaging import published_facts, recovery_writes
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.continuation import LARGEST_EPOCH, Continuation, Unrecoverable, continuation
from shared.messaging.feeds import Feed
from shared.messaging.inbox import NO_EVENT, Standing
from shared.messaging.published_epoch import published_epoch
from shared.messaging.published_facts import Checked, own_fact, read_own, reading
from shared.messaging.recovery_writes import CHUNK, columns_of, in_chunks

_NOT_RECORDED = """
select asked.number
from unnest($1::uuid[], $2::int[], $3::uuid[]) with ordinality as asked(stream, version, event_id, number)
left join streams s on s.id = asked.stream
left join events e on e.stream = asked.stream and e.version = asked.version and e.position >= s.first_position
where e.event_id is distinct from asked.event_id
"""
_HEADS = f"""
select s.id, s.version, {published_epoch("e")} as epoch, e.event_id
from unnest($1::uuid[]) as asked(stream)
join streams s on s.id = asked.stream
join events e on e.stream = s.id and e.version = s.version and e.position >= s.first_position
"""
_RECORDED = f"""
select e.stream, e.version, {published_epoch("e")} as epoch, e.event_id
from unnest($1::uuid[], $2::int[]) as asked(stream, version)
join streams s on s.id = asked.stream
join events e on e.stream = s.id and e.version = asked.version and e.position >= s.first_position
"""
_log = structlog.get_logger()


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    recovered: int = 0
    """Number of facts that were restored."""
    unrecoverable: int = 0
    """Number of facts that could not be restored, and because of which the epoch was raised."""


class Recovery:
    """Compares what a service has published with its database, and restores from Kafka the facts that it lacks."""

    def __init__(
        self,
        database: Database,
        types: EventTypes,
        subjects: Sequence[Decider[Any, Any]],
        *,
        source: str,
        kafka: Kafka,
        topic: str,
        apart: Sequence[Feed] = (),
    ) -> None:
        """`apart` are the streams that the service publishes on other topics, under other sources."""
        self._database = database
        self._types = types
        self._subjects = subjects
        self._source = source
        self._kafka = kafka
        self._topics = {topic: source, **{feed.topic: feed.source for feed in apart}}
        """The topics on which the service publishes, each with the source under which it does."""

    async def restored_unchecked(self) -> bool:
        """Returns whether the database was restored and has not been compared with Kafka since."""
        async with self._database.acquire() as connection:
            return bool(await connection.fetchval("select exists (select from restores where checked_at is null)"))

    async def run(self) -> Outcome:
        """Compares what this service has published since the last check with its database, and restores what is lost.

        Facts are committed before they are published, so a fact on Kafka that the database lacks is lost to it.
        Restored facts keep their ids, versions and epochs, but have only their public part. Raises KafkaError.
        """
        lacking: list[Message] = []

        async def compare(facts: Sequence[Message]) -> None:
            for chunk in in_chunks(facts, CHUNK):
                lacking.extend(await self._not_recorded(chunk))

        checked: dict[str, Mapping[int, Checked]] = {}
        for topic, source in self._topics.items():
            async with reading(self._kafka, topic) as consumer:
                checked[topic] = await read_own(consumer, source, await self._checked(topic), compare)
        return await self._settle(lacking, checked)

    async def keep_checked(self) -> None:
        """Records how far Kafka has come while this service runs, so that its next start has little to read.

        All that is on Kafka was checked at the start or came from this very database since. If the database was
        replaced by an older one under a running service, it lacks the newest facts: then nothing is recorded, and the
        next start finds them.
        """
        for topic, source in self._topics.items():
            await self._keep_checked(topic, source)

    async def _keep_checked(self, topic: str, source: str) -> None:
        async with reading(self._kafka, topic) as consumer:
            last = await published_facts.newest(consumer, await self._checked(topic))
        own = [fact for record in last.values() if (fact := own_fact(record, source)) is not None]
        if await self._not_recorded(own):
            _log.error("own_facts_are_not_recorded", source=source, what="stop the service and start it again")
            return
        checked = {partition: Checked(record.offset + 1, record.timestamp) for partition, record in last.items()}
        async with self._database.acquire() as connection:
            await recovery_writes.move_checked(connection, self._kafka.name(topic), checked)

    async def _checked(self, topic: str) -> dict[int, Checked]:
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "select partition, next, last_timestamp from own_records_checked where topic = $1",
                self._kafka.name(topic),
            )
        return {row["partition"]: Checked(row["next"], row["last_timestamp"]) for row in rows}

    async def _not_recorded(self, facts: Sequence[Message]) -> list[Message]:
        if not facts:
            return []
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_NOT_RECORDED, *columns_of(facts, "stream", "version", "event_id"))
        return [facts[number] for number in sorted(row["number"] - 1 for row in rows)]

    async def _settle(self, lacking: Sequence[Message], checked: Mapping[str, Mapping[int, Checked]]) -> Outcome:
        """All in one transaction: a recovery that is cut off begins anew."""
        async with self._database.acquire() as connection, connection.transaction():
            outcome = await self._recover(connection, lacking) if lacking else Outcome()
            for topic, partitions in checked.items():
                await recovery_writes.move_checked(connection, self._kafka.name(topic), partitions)
            await connection.execute("update restores set checked_at = now() where checked_at is null")
        if outcome != Outcome():
            _log.warning(
                "own_facts_recovered",
                source=self._source,
                recovered=outcome.recovered,
                unrecoverable=outcome.unrecoverable,
            )
        return outcome

    async def _recover(self, connection: Connection, lacking: Sequence[Message]) -> Outcome:
        await connection.execute("set local idle_in_transaction_session_timeout = 0")
        epoch = await connection.fetchval("select epoch from log for update")
        streams: dict[UUID, list[Message]] = {}
        for message in lacking:
            streams.setdefault(message.stream, []).append(message)
        found = await self._continuations(connection, streams)
        taken = _in_order_of_recording(one.taken for one in found.values())
        unrecoverable = [one for each in found.values() for one in each.unrecoverable]
        await self._raise_epoch(connection, epoch, taken, unrecoverable, found)
        await recovery_writes.record(connection, self._types, taken)
        await recovery_writes.note_unrecoverable(connection, unrecoverable)
        await recovery_writes.derive(
            connection, self._types, self._subjects, [stream for stream, one in found.items() if one.taken]
        )
        return Outcome(len(taken), len(unrecoverable))

    async def _continuations(
        self, connection: Connection, streams: Mapping[UUID, Sequence[Message]]
    ) -> dict[UUID, Continuation]:
        found: dict[UUID, Continuation] = {}
        for chunk in in_chunks(list(streams), CHUNK):
            heads = {
                row["id"]: Standing(row["epoch"], row["version"], row["event_id"])
                for row in await connection.fetch(_HEADS, chunk)
            }
            asked = [message for stream in chunk for message in streams[stream]]
            recorded: dict[UUID, dict[int, tuple[int, UUID]]] = {}
            for row in await connection.fetch(_RECORDED, *columns_of(asked, "stream", "version")):
                recorded.setdefault(row["stream"], {})[row["version"]] = row["epoch"], row["event_id"]
            for stream in chunk:
                head = heads.get(stream, Standing(0, 0, NO_EVENT))
                one = continuation(head, recorded.get(stream, {}), streams[stream])
                found[stream] = self._as_far_as_it_reads(one)
        return found

    def _as_far_as_it_reads(self, found: Continuation) -> Continuation:
        """A fact that this release cannot read would stop every command on its stream."""
        for number, message in enumerate(found.taken):
            try:
                self._types.read(message.type, message.body, message.schema_version)
                if "\\u0000" in message.body:
                    raise ValueError("it holds a NUL character")
            except (LookupError, ValueError) as error:
                reason = f"it does not read: {error!r}"[:500]
                found.unrecoverable.append(Unrecoverable(message, reason))
                behind = f"version {message.version} does not read"
                found.unrecoverable += [Unrecoverable(later, behind) for later in found.taken[number + 1 :]]
                del found.taken[number:]
                break
        return found

    async def _raise_epoch(
        self,
        connection: Connection,
        epoch: int,
        taken: Sequence[Message],
        unrecoverable: Sequence[Unrecoverable],
        found: Mapping[UUID, Continuation],
    ) -> None:
        """To that of the newest facts; beyond it where others have taken facts that can no longer be recorded here.

        What stands here as another fact than others have taken is published again under the new epoch.
        """
        believed = [one.message.epoch for one in unrecoverable if one.message.epoch <= LARGEST_EPOCH]
        newest = max([epoch, *believed, *(message.epoch for message in taken)])
        wanted = newest + 1 if believed else newest
        if wanted != epoch:
            await connection.execute("update log set epoch = $1", wanted)
        for stream, one in found.items():
            if one.diverged_at is not None:
                await connection.execute(
                    """insert into raised_epochs (stream, from_version, epoch) values ($1, $2, $3)
                       on conflict do nothing""",
                    stream,
                    one.diverged_at,
                    wanted,
                )
                await connection.execute(
                    "insert into republications (stream, from_version) values ($1, $2)", stream, one.diverged_at
                )


def _in_order_of_recording(streams: Iterable[Sequence[Message]]) -> list[Message]:
    """By the source's clock; within a stream by version, also where that clock was set back."""
    ordered: list[tuple[datetime, UUID, int, Message]] = []
    for messages in streams:
        latest = datetime.min.replace(tzinfo=UTC)
        for message in messages:
            latest = max(latest, message.recorded_at)
            ordered.append((latest, message.stream, message.version, message))
    return [message for *_, message in sorted(ordered, key=lambda one: one[:3])]
