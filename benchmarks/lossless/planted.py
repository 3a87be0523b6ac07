"""Plants records that no source would publish, in one batch with facts that must have their effect all the same."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from benchmarks.lossless.evidence import HOLDS_TOKEN, Connection
from benchmarks.lossless.faults import InjectedFault, pick
from benchmarks.lossless.subject import NEIGHBOURS, Arrived
from benchmarks.lossless.topic import PARTITIONS, PLANTED
from shared.messaging.cloudevents import LARGEST_VERSION, Message
from shared.service import AGREEMENTS_TOPIC

PLANTED_IN = range(len(PARTITIONS) - 4, len(PARTITIONS))
"""The partitions for planted records. Faults that lose records avoid them: nobody could publish these facts again."""
_COMPRESSIONS = range(5)
"""None, gzip, snappy, LZ4 and Zstandard, by Kafka's numbers."""
_STREAMS = 3
_PAUSE_SECONDS = 0.2
_LARGEST_BATCH_BYTES = 512 * 1024
_SEND_SECONDS = 15.0

Headers = list[tuple[Any, bytes | None]]


class _NotUtf8(str):
    """A header key that is encoded as bytes that are no UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"bad\xff\xfekey"


@dataclass(frozen=True)
class Raw:
    """A record as bytes, which need not be valid."""

    key: bytes
    headers: Headers
    value: bytes | None


def _changed(name: str, value: bytes) -> Callable[[Raw], Raw]:
    def change(raw: Raw) -> Raw:
        return Raw(raw.key, [(key, value if key == name else old) for key, old in raw.headers], raw.value)

    return change


TO_BE_SET_ASIDE: dict[str, Callable[[Raw], Raw]] = {
    "a body that is no JSON": lambda raw: Raw(raw.key, raw.headers, b'{"number": \xff'),
    "a body that is nested deeply": lambda raw: Raw(raw.key, raw.headers, b'{"number": ' + b"[" * 50_000),
    "a tombstone": lambda raw: Raw(raw.key, raw.headers, None),
    "a time before all times": _changed("ce_time", b"0001-01-01T00:00:00+01:00"),
    "a time after all times": _changed("ce_time", b"9999-12-31T23:59:59-12:00"),
    "a source of 8,000 characters": _changed("ce_source", b"s" * 8000),
    "a source that publishes elsewhere": _changed("ce_source", b"strangers"),
    "a version that is no number": _changed("ce_sequence", b"the next"),
    "a record that says nothing of itself": lambda raw: Raw(raw.key, raw.headers[:1], raw.value),
}
"""Functions that break a valid fact, by what is wrong afterwards; its first header stays PLANTED."""


async def plant_batch(connection: Connection, kafka: str, fault: InjectedFault) -> None:
    """Plants facts of a few new streams, and between them records that must be set aside alone."""
    random, partition = Random(repr(fault)), pick(fault, PLANTED_IN)
    streams = [_uuid(random) for _ in range(_STREAMS)]
    raws: list[Raw] = []
    facts: list[Message] = []
    tokens: list[tuple[UUID, str]] = []
    for version, (kind, change) in enumerate(TO_BE_SET_ASIDE.items(), 1):
        of_all = [_fact(stream, version, _uuid(random)) for stream in streams]
        facts += of_all
        raws += [_raw(of_all[0]), _with(_raw(of_all[1]), (_NotUtf8("x"), b"v"))]
        token = _uuid(random)
        tokens.append((token, kind))
        raws.append(change(fact_with_token(random, token)))
        raws.append(_raw(of_all[2]))
    async with connection.transaction():
        await _write_down(connection, partition, facts, tokens)
    await _until_sent(kafka, _Sending(raws, partition, pick(fault, _COMPRESSIONS)))


async def plant_epoch(connection: Connection, kafka: str, fault: InjectedFault, source: str, stream: UUID) -> None:
    """Plants a record which claims that a source was restored, although the source itself does not say so."""
    random = Random(repr(fault))
    token = _uuid(random)
    await _write_down(connection, 0, [], [(token, "a forged epoch")])
    forged = _with(_raw(_fact(stream, 1, _uuid(random), source, LARGEST_VERSION)), (PLANTED, str(token).encode()))
    await _until_sent(kafka, _Sending([forged], pick(fault, PLANTED_IN), 0))


async def forget_what_was_lost(connection: Connection, consumers: Sequence[str]) -> None:
    """Stops expecting planted records that were deleted with the topic before every consumer had them."""
    for consumer in consumers:
        await connection.execute(
            f"""delete from lossless.planted
                where not exists (select from {consumer}.parked where {HOLDS_TOKEN})"""
        )


async def publish_again(connection: Connection, kafka: str, consumers: Sequence[str]) -> None:
    """Publishes the neighbours' facts that a consumer lacks; nobody else has them."""
    lacking = " or ".join(
        f"""not exists (select from {consumer}.inbox i
                        where i.source = '{NEIGHBOURS}' and i.stream = b.stream and i.version >= b.version)"""
        for consumer in consumers
    )
    rows = await connection.fetch(f"select * from lossless.neighbour_facts b where {lacking} order by stream, version")
    for row in rows:
        again = _raw(_fact(row["stream"], row["version"], row["event_id"]))
        await _until_sent(kafka, _Sending([again], row["partition"], 0))


def fact_with_token(random: Random, token: UUID) -> Raw:
    """Returns a valid fact of its own stream, which a token identifies."""
    return _with(_raw(_fact(_uuid(random), 1, _uuid(random))), (PLANTED, str(token).encode()))


def _fact(stream: UUID, version: int, event_id: UUID, source: str = NEIGHBOURS, epoch: int = 1) -> Message:
    now = datetime.now(UTC)
    return Message(
        source=source,
        stream=stream,
        epoch=epoch,
        version=version,
        event_id=event_id,
        type=Arrived.__name__,
        schema_version=1,
        occurred_at=now,
        recorded_at=now,
        body=Arrived(number=version).model_dump_json(),
        actor=source,
    )


def _raw(fact: Message) -> Raw:
    return Raw(str(fact.stream).encode(), [*fact.headers()], fact.body.encode())


def _with(raw: Raw, header: tuple[Any, bytes]) -> Raw:
    return Raw(raw.key, [header, *raw.headers], raw.value)


def _uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


async def _write_down(
    connection: Connection, partition: int, facts: Sequence[Message], tokens: Sequence[tuple[UUID, str]]
) -> None:
    """Notes what will be sent, before it is sent. It can be repeated if the first attempt may have failed."""
    await connection.executemany(
        "insert into lossless.neighbour_facts values ($1, $2, $3, $4, $5) on conflict do nothing",
        [(partition, one.stream, one.version, one.event_id, one.body) for one in facts],
    )
    await connection.executemany("insert into lossless.planted values ($1, $2) on conflict do nothing", tokens)


@dataclass(frozen=True)
class _Sending:
    """One batch to send. It is built in pure Python, because the C extension rejects header keys that are no UTF-8."""

    raws: Sequence[Raw]
    partition: int
    compression: int

    async def by(self, producer: AIOKafkaProducer) -> None:
        batch, built = producer.create_batch(), self._built()
        batch._builder, batch._relative_offset, batch._closed = built, len(self.raws), False
        await (await producer.send_batch(batch, AGREEMENTS_TOPIC, partition=self.partition))

    def _built(self) -> Any:
        builder = _DefaultRecordBatchBuilderPy(
            magic=2,
            compression_type=self.compression,
            is_transactional=0,
            producer_id=-1,
            producer_epoch=-1,
            base_sequence=-1,
            batch_size=_LARGEST_BATCH_BYTES,
        )
        for number, raw in enumerate(self.raws):
            builder.append(number, timestamp=None, key=raw.key, value=raw.value, headers=raw.headers)
        return builder


async def _until_sent(kafka: str, sending: _Sending) -> None:
    """Sends a batch and retries it while Kafka is down. A lost acknowledgement leads to a duplicate."""
    while True:
        producer = AIOKafkaProducer(bootstrap_servers=kafka, max_batch_size=_LARGEST_BATCH_BYTES)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await producer.start()
                await sending.by(producer)
            return
        except (KafkaError, TimeoutError):
            await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(_SEND_SECONDS):
                    await producer.stop()
