"""A broker with Compose's settings: who may connect, and who may write and read which topic."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
)

from deploy.containers.certificates import AUTHORITY, make_certificates
from deploy.local.ports import HOST
from migrations.kafka_rights import READERS, WRITERS, make_topics
from migrations.topics import TOPICS, create_topics
from shared.messaging.bus import Kafka
from shared.messaging.kafka_login import LOGINS, OPERATOR, KafkaLogin
from shared.watching.watched import kafka_answers
from tests.secured_kafka import SecuredKafka, secured_kafka

WITH_RIGHTS = [who for who in LOGINS if who != OPERATOR]
PREFIX = "here-"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """With its topics, and with the rights of every login; given twice, as by each release."""
    with secured_kafka(tmp_path_factory.mktemp("secured")) as kafka:
        operator = kafka.login(OPERATOR)
        for _ in range(2):
            asyncio.run(make_topics(kafka.bootstrap, prefix=PREFIX, operator=operator))
        asyncio.run(until_granted(kafka))
        yield kafka


async def until_granted(kafka: SecuredKafka) -> None:
    """A broker learns of rights a moment after they were given, in their order: the last one is waited for."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with taking_part(as_seen_by(kafka, WITH_RIGHTS[-1]), "register", f"{WITH_RIGHTS[-1]}-import"):
                    return
            except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
                await asyncio.sleep(0.1)


@asynccontextmanager
async def taking_part(kafka: Kafka, topic: str, group: str) -> AsyncIterator[None]:
    consumer = AIOKafkaConsumer(kafka.name(topic), **kafka.client(), group_id=kafka.name(group))
    try:
        await consumer.start()
        yield
    finally:
        await consumer.stop()


@pytest.mark.parametrize("topic", TOPICS)
async def test_a_topic_is_written_by_its_own_sources_only(secured: SecuredKafka, topic: str) -> None:
    written = {who for who in WITH_RIGHTS if await may_write(as_seen_by(secured, who), topic)}
    assert written == set(WRITERS[topic])


@pytest.mark.parametrize("topic", TOPICS)
async def test_a_topic_is_read_by_those_who_need_it(secured: SecuredKafka, topic: str) -> None:
    read = {who for who in WITH_RIGHTS if await may_read(as_seen_by(secured, who), topic)}
    assert read == set(READERS[topic])


async def test_nobody_has_rights_under_another_prefix(secured: SecuredKafka) -> None:
    """Several environments share a Kafka, and their logins do not."""
    await create_topics(secured.bootstrap, prefix="there-", login=secured.login(OPERATOR))
    elsewhere = replace(as_seen_by(secured, "offers"), prefix="there-")
    assert not await may_write(elsewhere, "agreements")
    assert not await may_read(elsewhere, "agreements")


async def test_nobody_takes_part_in_the_consumer_groups_of_another(secured: SecuredKafka) -> None:
    group = "aftale-offers-reactions"
    async with taking_part(as_seen_by(secured, "offers"), "agreements", group):
        pass
    with pytest.raises(GroupAuthorizationFailedError):
        async with taking_part(as_seen_by(secured, "guidance"), "agreements", group):
            pass


@pytest.mark.parametrize("who", ["nobody", "a guesser", "a stranger to the certificate"])
async def test_who_cannot_prove_who_it_is_gets_no_connection(
    secured: SecuredKafka, who: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    login: KafkaLogin | None = secured.login("offers")
    match who:
        case "nobody":
            login = None
        case "a guesser":
            login = replace(secured.login("offers"), password="of-aftale")
        case _:
            make_certificates(tmp_path, tmp_path, HOST)
            login = replace(secured.login("offers"), certificates=tmp_path / AUTHORITY)
    kafka = Kafka(secured.bootstrap, PREFIX, login)
    producer = AIOKafkaProducer(**kafka.client(), request_timeout_ms=5_000)
    try:
        with pytest.raises(KafkaConnectionError):
            await producer.start()
    finally:
        await producer.stop()
    assert not await kafka_answers(kafka), "health says so"
    assert await kafka_answers(as_seen_by(secured, "offers"))


def as_seen_by(secured: SecuredKafka, who: str) -> Kafka:
    return Kafka(secured.bootstrap, PREFIX, secured.login(who))


async def may_write(kafka: Kafka, topic: str) -> bool:
    async with AIOKafkaProducer(**kafka.client(), enable_idempotence=True, acks="all") as producer:
        try:
            await producer.send_and_wait(kafka.name(topic), b"fact")
        except TopicAuthorizationFailedError:
            return False
        return True


async def may_read(kafka: Kafka, topic: str) -> bool:
    await written_by_operator(kafka, topic)
    consumer = AIOKafkaConsumer(kafka.name(topic), **kafka.client(), auto_offset_reset="earliest")
    try:
        async with asyncio.timeout(60):
            await consumer.start()
            return await consumer.getone() is not None
    except TopicAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()


async def written_by_operator(kafka: Kafka, topic: str) -> None:
    login = kafka.login
    assert login is not None
    operator = replace(login, name="aftale_operator", password="of-aftale_operator")
    async with AIOKafkaProducer(**replace(kafka, login=operator).client()) as producer:
        await producer.send_and_wait(kafka.name(topic), b"fact", partition=0)
