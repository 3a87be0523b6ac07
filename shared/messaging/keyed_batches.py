"""Send records to Kafka in whole batches per partition: in order per key, as single sends, at less cost."""

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

Record = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, body and headers."""
MAX_BATCH_BYTES = 512 * 1024
"""Size of a batch of one partition, below what a broker accepts (1 MB); a single record may be larger."""
TURN = 10
"""Number of records after which other tasks run: commands must not wait until a backlog is sent."""
_KEYS_REMEMBERED = 8192


async def send(producer: AIOKafkaProducer, topic: str, records: Iterable[Record]) -> "asyncio.Future[list[Any]]":
    """Sends all records, in the order given per key; returns a future that ends when all are acknowledged.

    If a batch fails, none of its successors in the partition is accepted as long as the producer is idempotent, because
    their sequence numbers would leave a gap (except after the first batch of a producer, see decision 16). Both the
    call and its future raise KafkaError.
    """
    partitions = tuple(sorted(await producer.partitions_for(topic)))
    batches: dict[int, list[Any]] = {}
    for number, (key, body, headers) in enumerate(records, 1):
        if number % TURN == 0:
            await asyncio.sleep(0)
        of_partition = batches.setdefault(_partition(key, partitions), [])
        if not of_partition or not _took(of_partition[-1], key, body, headers):
            of_partition.append(producer.create_batch())
            _took(of_partition[-1], key, body, headers)  # the first record of a batch always has room
    acknowledged: list[asyncio.Future[Any]] = []
    # The first batch of each partition, then the second: they travel in one request.
    for abreast in zip_longest(*batches.values()):
        for partition, batch in zip(batches, abreast, strict=True):
            if batch is not None:
                batch.close()  # so that it does not linger for more
                acknowledged.append(await producer.send_batch(batch, topic, partition=partition))
    return asyncio.gather(*acknowledged)


def _took(batch: Any, key: bytes, body: bytes, headers: list[tuple[str, bytes]]) -> bool:
    return batch.append(timestamp=None, key=key, value=body, headers=headers) is not None


@lru_cache(_KEYS_REMEMBERED)
def _partition(key: bytes, partitions: tuple[int, ...]) -> int:
    """As every Kafka client chooses it; remembered, because murmur2 in Python costs as much as all the rest."""
    return int(DefaultPartitioner()(key, partitions, partitions))
