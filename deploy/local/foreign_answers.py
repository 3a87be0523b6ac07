"""Answers requests for the stand-ins of other systems: python -m deploy.local.foreign_answers, run by ./aftale up.

Reports heads and publishes again what a stand-in has recorded (foreign_record.py), as every source must. A stand-in
that never published anything does not answer: another system may be the source.
"""

import asyncio
import time
from pathlib import Path

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from deploy.local.foreign_facts import STAND_INS, send
from deploy.local.foreign_record import ForeignRecord, file_of
from shared.messaging.backoff import Backoff
from shared.messaging.bus import REPUBLISH_TOPIC, Kafka, RepublishRequest
from shared.messaging.heads import HEADS_TOPIC, HeadsRequest
from shared.service import Settings
from shared.telemetry.logs import configure_logs

NAME = "other-systems"
HEADS_OF_USE_SECONDS = 60.0
"""Older requests for heads are not answered: nobody waits for the answer, and what is missing is requested again."""
_log = structlog.get_logger()


async def answer_for_ever(kafka: Kafka, state: Path) -> None:
    """Answers requests until cancelled. If Kafka is unreachable, it is retried with backoff."""
    backoff = Backoff()
    while True:
        try:
            await _answer(kafka, state, backoff)
        except (KafkaError, OSError) as error:
            pause = backoff.failed()
            _log.warning("no_request_is_answered_without_kafka", error=repr(error), pause_seconds=pause)
            await asyncio.sleep(pause)


async def _answer(kafka: Kafka, state: Path, backoff: Backoff) -> None:
    """Answers requests, and acknowledges each after its answer: a request that came while nobody ran is not lost."""
    requests = AIOKafkaConsumer(
        kafka.name(REPUBLISH_TOPIC),
        **kafka.client(),
        group_id=kafka.name("other-systems-republish"),
        auto_offset_reset="latest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(**kafka.client(), enable_idempotence=True, acks="all")
    try:
        await requests.start()
        await producer.start()
        while True:
            for records in (await requests.getmany(timeout_ms=500)).values():
                for record in records:
                    await answer(record, producer, kafka, state)
                await requests.commit()
            backoff.succeeded()
    finally:
        await requests.stop()
        await producer.stop()


async def answer(
    record: "ConsumerRecord[bytes | None, bytes | None]", producer: AIOKafkaProducer, kafka: Kafka, state: Path
) -> None:
    """Answers one request, and ignores a request that cannot be parsed or that is for another source."""
    asked = HeadsRequest.read(record.value) or RepublishRequest.read(record.value)
    if asked is None or asked.source not in STAND_INS:
        return
    file = file_of(state, kafka.name(asked.source))
    if not file.exists():
        return
    with ForeignRecord.open_record(file, asked.source) as kept:
        if kept.is_empty():
            return
        if isinstance(asked, RepublishRequest):
            again = kept.of_stream(asked.stream, asked.from_version)
            await send(producer, kafka.name(STAND_INS[asked.source]), again)
        elif record.timestamp > (time.time() - HEADS_OF_USE_SECONDS) * 1000:
            told = kept.heads(asked).model_dump_json().encode()
            await producer.send_and_wait(kafka.name(HEADS_TOPIC), told, key=asked.source.encode())


def main() -> None:
    """Answers for the stand-ins until it is ended. Reads the environment of every process of the project."""
    configure_logs()
    settings = Settings.from_environment()
    asyncio.run(answer_for_ever(settings.kafka, settings.state))


if __name__ == "__main__":
    main()
