"""Release step that looks for the conflicts of agreements that were running before conflicts were recorded (R41)."""

from collections.abc import Sequence
from uuid import UUID, uuid4, uuid5

import structlog

from services.control.lookups.conflicts import look_into
from services.control.rules.orders_on_topics import ORDER, Command, NoteOrder, NoteOrderEnded, order_stream
from shared.contracts.orders import OrderCompliedWith, OrderIssued, OrderRevoked
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging.cloudevents import Message
from shared.messaging.inbox import standings, stream_of
from shared.messaging.published_facts import read_facts, reading
from shared.service import ORDERS_TOPIC, SOURCES, Runtime

CATCH_UP = "conflicts-2026-12"
_log = structlog.get_logger()
_TYPES = EventTypes((OrderIssued, OrderCompliedWith, OrderRevoked))


async def take_orders_again(runtime: Runtime) -> None:
    """R41: reads earlier facts of the order system from its topic, because earlier releases did not record them.

    Only facts that were processed before: the others have their effect when they are processed. If Kafka keeps only
    part of the facts, an order that is no longer there is noticed with its next fact. Raises KafkaError if Kafka is
    unreachable.
    """

    async def take(messages: Sequence[Message]) -> None:
        told = [message for message in messages if message.type in _TYPES]
        async with runtime.database.acquire() as connection:
            taken = await standings(connection, {stream_of(message) for message in told})
        for message in told:
            standing = taken[stream_of(message)]
            if (message.epoch, message.version) <= (standing.epoch, standing.version):
                await _take(runtime, message)

    async with reading(runtime.settings.kafka_of(runtime.name), ORDERS_TOPIC) as consumer:
        await read_facts(consumer, SOURCES[ORDERS_TOPIC], {}, take)


async def catch_up(runtime: Runtime, stream: UUID) -> None:
    """R41: records the conflicts of an agreement; does nothing if the stream has no agreement."""
    await look_into(runtime, [stream], Metadata(command_id=uuid4(), actor=runtime.name))


async def _take(runtime: Runtime, message: Message) -> None:
    now = runtime.clock.now()
    command: Command
    try:
        told = _TYPES.read(message.type, message.body, message.schema_version)
    except ValueError as error:  # an operator has discarded it
        _log.warning("order_not_caught_up", stream=str(message.stream), version=message.version, error=repr(error))
        return
    match told:
        case OrderIssued(topic=str(topic)) as fact:
            command = NoteOrder(now, fact.case_id, fact.cvr, fact.p_number, topic, fact.issued_on)
        case OrderRevoked(case_id=case_id, revoked_on=on) | OrderCompliedWith(case_id=case_id, complied_on=on):
            command = NoteOrderEnded(now, case_id, on)
        case _:
            return
    metadata = Metadata(
        command_id=uuid5(message.event_id, f"{runtime.name}/caught up"),
        actor=runtime.name,
        causation=f"{message.source}/{message.stream}/{message.version}",
    )
    await execute(
        runtime.store, [Intent(ORDER, order_stream(command.order_case_id), command)], at=now, metadata=metadata
    )
