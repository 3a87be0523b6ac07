"""What other systems say arrives over Kafka, also where it is badly coded or something of it is missing."""

import asyncio
import json
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local.foreign_facts import order_system, register_of_businesses, unit_fact
from services.reporting import service as reporting
from shared.contracts import orders
from shared.contracts.orders import OrderIssued, OrderKind
from shared.contracts.register import UnitRegistered
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.messaging.parking import Reason, waiting_streams
from shared.service import Settings
from tests.integration.services.control_running import Control, booking, found

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
    async with order_system(settings.postgres, settings.kafka) as system:
        await system.publish([(order.case_id, order, control.clock.now())])
        async with asyncio.timeout(20):
            while not await recorded(control, agreement_id, "OrderIssueNoted"):
                await asyncio.sleep(0.05)


@pytest.mark.rule("R25", "R28")
async def test_what_is_missing_of_a_foreign_case_is_asked_of_its_source_and_parks_that_case_only(
    control: Control,
) -> None:
    agreement_id, request_id = await requested(control)
    order = issued(agreement_id, request_id)
    settings = control.runtime.settings
    async with order_system(settings.postgres, settings.kafka) as system:
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
        assert (parked.first.message.stream, parked.first.reason) == (order.case_id, Reason.HOLE)
        other = issued(agreement_id, request_id)
        await system.publish([(other.case_id, other, control.clock.now())])
        async with asyncio.timeout(20):
            while not await recorded(control, agreement_id, "OrderIssueNoted"):
                await asyncio.sleep(0.05)


@pytest.mark.rule("R26")
async def test_a_source_that_begins_again_waits_until_all_it_said_was_heard_and_gives_no_version_twice(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    unit = UnitRegistered(
        p_number="1003388394",
        cvr=UNKNOWN_CVR,
        name="Børnehuset",
        industry="space-travel",
        sector="public",
        size_class="10-34",
        effective_from=date(2020, 1, 1),
    )

    async def publish() -> None:
        async with register_of_businesses(postgres_dsn, topics) as register:
            await register.publish([unit_fact(unit)])

    await publish()
    again = asyncio.create_task(publish())
    await asyncio.sleep(0.5)
    assert not again.done()
    app = reporting.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False))
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(again, 20)
        connection = await asyncpg.connect(postgres_dsn)
        async with asyncio.timeout(20):
            while await connection.fetchval("select max(version) from reporting.inbox") != 2:
                await asyncio.sleep(0.05)
        assert await connection.fetchval("select count(*) from reporting.parked") == 0
        await connection.close()
