"""What a service has published is read past what the client cannot read, and never for ever."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaTimeoutError

from shared.messaging.cloudevents import Message
from shared.messaging.published_facts import Checked, read_own

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
FIRST, SECOND = TopicPartition("facts", 0), TopicPartition("facts", 1)


@dataclass(frozen=True)
class Record:
    partition: int
    offset: int
    timestamp: int
    headers: Sequence[tuple[str, bytes]]
    value: bytes


def record(partition: TopicPartition, offset: int) -> Record:
    """The fact that is told by its offset."""
    message = Message("here", UUID(int=partition.partition), 1, offset + 1, UUID(int=offset), "T", 1, NOW, NOW, "{}")
    return Record(partition.partition, offset, 1_000 + offset, message.headers(), b"{}")


@dataclass
class Topic:
    """A consumer of two partitions; one record batch hides all its records, since a header of one does not read."""

    ends: dict[TopicPartition, int]
    unreadable: range = range(0)
    """Offsets of a batch in the first partition."""
    fault: Exception = field(default_factory=lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "on purpose"))
    at: dict[TopicPartition, int] = field(default_factory=dict)
    silent: bool = False

    def assignment(self) -> set[TopicPartition]:
        return set(self.ends)

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: self.ends[partition] for partition in partitions}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        """Nothing is prefetched here."""

    async def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[Record]]:
        found: dict[TopicPartition, list[Record]] = {}
        for partition in () if self.silent else sorted(partitions, reverse=True):
            offset = self.at[partition]
            if partition == FIRST and offset in self.unreadable:
                raise self.fault
            if offset < self.ends[partition]:
                found[partition] = [record(partition, offset)]
                self.at[partition] += 1  # also where the next partition raises
        return found


async def offsets(topic: Any, checked: dict[int, Checked]) -> tuple[list[tuple[int, int]], dict[int, Checked]]:
    taken: list[tuple[int, int]] = []

    async def take(facts: Sequence[Message]) -> None:
        taken.extend((fact.stream.int, fact.event_id.int) for fact in facts)

    stands = await read_own(topic, "here", checked, take)
    return sorted(taken), stands


@pytest.mark.parametrize("fault", [None, CorruptRecordException("on purpose")])
async def test_what_does_not_read_hides_nothing_but_its_own_batch(fault: Exception | None) -> None:
    topic = Topic({FIRST: 8, SECOND: 5}, unreadable=range(2, 5))
    if fault is not None:
        topic.fault = fault
    taken, stands = await offsets(topic, {})
    assert taken == [*((0, offset) for offset in (0, 1, 5, 6, 7)), *((1, offset) for offset in range(5))]
    assert (stands[0].next, stands[1].next) == (8, 5)


async def test_what_was_checked_is_compared_and_not_taken_again() -> None:
    taken, _ = await offsets(Topic({FIRST: 8, SECOND: 5}), {0: Checked(6, 1_005), 1: Checked(5, 1_004)})
    assert taken == [(0, 6), (0, 7)]


async def test_another_record_before_the_checked_offset_lets_all_be_read() -> None:
    taken, _ = await offsets(Topic({FIRST: 3, SECOND: 2}), {0: Checked(3, 77), 1: Checked(2, 1_001)})
    assert taken == [(0, 0), (0, 1), (0, 2)]


async def test_a_shorter_partition_than_was_checked_is_read_from_its_beginning() -> None:
    taken, _ = await offsets(Topic({FIRST: 3, SECOND: 0}), {0: Checked(30, 1_029), 1: Checked(4, 1_003)})
    assert taken == [(0, 0), (0, 1), (0, 2)]


async def test_a_kafka_that_gives_nothing_counts_as_away() -> None:
    with pytest.raises(KafkaTimeoutError):
        await offsets(Topic({FIRST: 3, SECOND: 2}, silent=True), {})
