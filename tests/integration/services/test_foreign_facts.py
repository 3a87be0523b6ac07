"""What other systems say arrives over Kafka, also where it is badly coded or something of it is missing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.foreign_answers import answer_for_ever
from deploy.local.foreign_facts import Environment, order_system, register_of_businesses, unit_fact
from deploy.local.foreign_record import file_of
from services.control.lookups.catching_up import catch_up, take_orders_again
from services.reporting import service as reporting
from shared.contracts import orders
from shared.contracts import register as business_register
from shared.contracts.control import ConflictEnded, ConflictFlagged
from shared.contracts.orders import OrderCompliedWith, OrderIssued, OrderKind, OrderRevoked
from shared.contracts.register import UnitRegistered
from shared.eventstore.event_store import Loaded
from shared.eventstore.events import Event
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.messaging.heads import HeadsRequest
from shared.messaging.parking import Reason, waiting_streams
from shared.messaging.reconciliation_state import compared_sources, missing
from shared.service import Settings
from tests.integration.services.control_running import CVR, Control, booking, found

UNKNOWN_CVR = "12345678"


async def requested(control: Control) -> tuple[UUID, UUID]:
    """An agreement that was breached, and the order that was asked for."""
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", {"complete": True, "text": "Done."}, Role.COMPANY)
    await control.once(agreement_id, booking)
    await control.done(f"{path}/controls", found("violation"))
    await control.done(f"{path}/hearing-answer", {"answer": "No."}, Role.COMPANY)
    asked = await control.done(f"{path}/order-request", {"reasons": "The noise is as before."})
    return agreement_id, UUID(asked["recorded"][0]["data"]["request_id"])


def issued(agreement_id: UUID, request_id: UUID) -> OrderIssued:
    """With a topic and a CVR that nobody knows: they are the order system's to answer for."""
    return OrderIssued(
        case_id=uuid4(),
        order_kind=OrderKind.WITH_DEADLINE,
        cvr=UNKNOWN_CVR,
        p_number="1003388394",
        topic="999",
        issued_on=date(2026, 7, 1),
        agreement_id=agreement_id,
        request_id=request_id,
    )


async def recorded(control: Control, agreement_id: UUID, fact: str) -> bool:
    loaded = await control.runtime.store.load(agreement_id)
    return any(type(one.event).__name__ == fact for one in loaded.events)


@pytest.mark.rule("R22", "R25", "R26")
async def test_an_order_that_the_order_system_issued_is_linked_to_its_agreement(control: Control) -> None:
    agreement_id, request_id = await requested(control)
    order = issued(agreement_id, request_id)
    settings = control.runtime.settings
    async with order_system(settings) as system:
        await system.publish([(order.case_id, order, control.clock.now())])
        async with asyncio.timeout(20):
            while not await recorded(control, agreement_id, "OrderIssueNoted"):
                await asyncio.sleep(0.05)


def conflicts_of(loaded: Loaded) -> list[tuple[str, UUID]]:
    """Which were flagged and ended, in order."""
    events = [one.event for one in loaded.events]
    return [
        (type(one).__name__, one.other_case_id) for one in events if isinstance(one, ConflictFlagged | ConflictEnded)
    ]


def order_on_the_topic() -> OrderIssued:
    return OrderIssued(
        case_id=uuid4(),
        order_kind=OrderKind.IMMEDIATE,
        cvr=CVR,
        p_number="1003388394",
        topic="056",
        issued_on=date(2026, 3, 20),
    )


@pytest.mark.rule("R25", "R41")
async def test_an_order_on_the_topic_of_a_running_agreement_is_flagged_until_it_is_revoked(control: Control) -> None:
    agreement_id = await control.accepted()
    order, now = order_on_the_topic(), control.clock.now()
    revoked = OrderRevoked(case_id=order.case_id, revoked_on=date(2026, 3, 21))
    wanted = [("ConflictFlagged", order.case_id), ("ConflictEnded", order.case_id)]
    async with order_system(control.runtime.settings) as system:
        await system.publish([(order.case_id, order, now), (order.case_id, revoked, now)])
        async with asyncio.timeout(20):
            while conflicts_of(await control.runtime.store.load(agreement_id)) != wanted:
                await asyncio.sleep(0.05)


@pytest.mark.rule("R41")
async def test_orders_that_an_earlier_release_had_taken_are_caught_up_once(control: Control) -> None:
    """The inbox has them, and nothing else does: they are read from the topic again, as often as it takes."""
    agreement_id = await control.accepted()
    standing, over, now = order_on_the_topic(), order_on_the_topic(), control.clock.now()
    complied = OrderCompliedWith(case_id=over.case_id, complied_on=date(2026, 3, 20))
    async with control.runtime.database.acquire() as connection:
        await connection.executemany(
            "insert into inbox (source, stream, epoch, version, event_id) values ($1, $2, 1, 9, $3)",
            [(orders.SOURCE, order.case_id, uuid4()) for order in (standing, over)],
        )
    async with order_system(control.runtime.settings) as system:
        facts = [(standing.case_id, standing, now), (over.case_id, over, now), (over.case_id, complied, now)]
        await system.publish(facts)
    for _ in range(2):
        await take_orders_again(control.runtime)
        await catch_up(control.runtime, agreement_id)
        loaded = await control.runtime.store.load(agreement_id)
        assert conflicts_of(loaded) == [("ConflictFlagged", standing.case_id)]


@pytest.mark.rule("R25", "R28")
async def test_what_is_missing_of_a_foreign_case_is_asked_of_its_source_and_parks_that_case_only(
    control: Control,
) -> None:
    agreement_id, request_id = await requested(control)
    order = issued(agreement_id, request_id)
    settings = control.runtime.settings
    async with order_system(settings) as system:
        system.published[order.case_id] = 1  # as if its first fact had been lost on the way
        await system.publish([(order.case_id, order, control.clock.now())])
        consumer = AIOKafkaConsumer(
            settings.kafka.name("republish"), bootstrap_servers=settings.kafka.servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            async with asyncio.timeout(60):
                asked = await consumer.getone()
                while "from_version" not in json.loads(asked.value):  # sources are asked for heads, too
                    asked = await consumer.getone()
        finally:
            await consumer.stop()
        assert json.loads(asked.value) == {"source": orders.SOURCE, "stream": str(order.case_id), "from_version": 1}
        async with control.runtime.database.acquire() as connection:
            (parked,) = await waiting_streams(connection)
        assert (parked.first.message.stream, parked.first.reason) == (order.case_id, Reason.GAP)
        other = issued(agreement_id, request_id)
        await system.publish([(other.case_id, other, control.clock.now())])
        async with asyncio.timeout(20):
            while not await recorded(control, agreement_id, "OrderIssueNoted"):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def answering(environment: Environment) -> AsyncIterator[None]:
    """While the stand-ins' answers are given, as ./aftale up does."""
    answers = asyncio.create_task(answer_for_ever(environment.kafka, environment.state))
    try:
        yield
    finally:
        answers.cancel()
        await asyncio.gather(answers, return_exceptions=True)


async def is_complete(control: Control) -> bool:
    """Whether control has compared what the order system tells, and nothing is missing."""
    async with control.runtime.database.acquire() as connection:
        found, lacking = await compared_sources(connection), await missing(connection)
    proven = any(one.source == orders.SOURCE and one.epoch > 0 for one in found)
    return proven and not any(one.source == orders.SOURCE for one in lacking)


@pytest.mark.rule("R25", "R28")
@pytest.mark.parametrize("followed", [True, False], ids=["in the middle", "at the end"])
async def test_what_kafka_lost_of_a_foreign_case_is_told_and_published_again_by_its_source(
    control: Control, followed: bool
) -> None:
    agreement_id, request_id = await requested(control)
    order = issued(agreement_id, request_id)
    settings = control.runtime.settings
    async with order_system(settings) as system, answering(settings):
        system.record.add([system.next(order.case_id, order, control.clock.now())], acknowledged=True)
        if followed:
            complied = OrderCompliedWith(case_id=order.case_id, complied_on=date(2026, 8, 1))
            await system.publish([(order.case_id, complied, control.clock.now())])
        async with asyncio.timeout(60):
            while not await recorded(control, agreement_id, "OrderIssueNoted") or not await is_complete(control):
                for one in control.runtime.reconcilers:
                    one.wake.set()
                await asyncio.sleep(0.2)
        async with control.runtime.database.acquire() as connection:
            assert await waiting_streams(connection) == []


def unit(name: str) -> tuple[UUID, Event, datetime]:
    return unit_fact(
        UnitRegistered(
            p_number="1003388394",
            cvr=UNKNOWN_CVR,
            name=name,
            industry="space-travel",
            sector="public",
            size_class="10-34",
            effective_from=date(2020, 1, 1),
        )
    )


@pytest.mark.rule("R26")
@pytest.mark.parametrize("record_lost", [False, True], ids=["with its record", "its record lost"])
async def test_a_source_that_begins_again_gives_no_version_twice_and_sends_what_it_could_not(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, record_lost: bool
) -> None:
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=False)
    async with register_of_businesses(settings) as register:
        await register.publish([unit("Børnehuset")])
    if record_lost:
        file_of(tmp_path, topics.name(business_register.SOURCE)).unlink()
    async with register_of_businesses(settings) as register:
        register.record.add([register.next(*unit("Børnehuset II"))])  # and its process ends before it is sent
    async with register_of_businesses(settings) as register:
        await register.publish([unit("Børnehuset III")])
    app = reporting.app(settings)
    async with app.router.lifespan_context(app):
        connection = await asyncpg.connect(postgres_dsn)
        async with asyncio.timeout(20):
            while await connection.fetchval("select max(version) from reporting.inbox") != 3:
                await asyncio.sleep(0.05)
        assert await connection.fetchval("select count(*) from reporting.parked") == 0
        await connection.close()


async def test_one_process_at_a_time_publishes_for_a_source(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> None:
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=False)

    async def publish() -> None:
        async with register_of_businesses(settings) as register:
            await register.publish([unit("Børnehuset")])

    await asyncio.gather(*(publish() for _ in range(5)))
    async with register_of_businesses(settings) as register:
        assert list(register.published.values()) == [5]


async def test_a_stand_in_that_never_published_anything_speaks_for_nobody(control: Control) -> None:
    settings = control.runtime.settings
    told = AIOKafkaConsumer(
        settings.kafka.name("heads"), bootstrap_servers=settings.kafka.servers, auto_offset_reset="earliest"
    )
    await told.start()
    try:
        async with register_of_businesses(settings) as register, answering(settings):
            await register.publish([unit("Børnehuset")])
            of_register, of_orders = (
                HeadsRequest(source=source, answer_to=uuid4(), after=0)
                for source in (business_register.SOURCE, orders.SOURCE)
            )
            async with asyncio.timeout(30):
                answers: set[str] = set()
                while str(of_register.answer_to) not in answers:
                    await _ask(settings.kafka, of_orders, of_register)
                    for records in (await told.getmany(timeout_ms=500)).values():
                        answers |= {json.loads(record.value)["answer_to"] for record in records}
            assert str(of_orders.answer_to) not in answers
    finally:
        await told.stop()


async def _ask(kafka: Kafka, *requests: HeadsRequest) -> None:
    """One after the other: who has answered a later one has passed the earlier one over."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers)
    await producer.start()
    for request in requests:
        await producer.send_and_wait(kafka.name("republish"), request.model_dump_json().encode())
    await producer.stop()
