"""Messages of a case system that is no party to any agreement, byte by byte: those that a release has parked."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, UUID, uuid5

from aiokafka import AIOKafkaProducer

from shared.contracts.orders import OtherCaseKind, OtherCaseOpened
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from tests.upgrade.case import STANDS_ON, Case, day

SOURCE = "inspection-system"
UNREADABLE = uuid5(NAMESPACE_OID, "a case whose first message does not read")
BEHIND_A_GAP = uuid5(NAMESPACE_OID, "a case whose first message never came")


def inspection(case_id: UUID, cvr: str, p_number: str) -> OtherCaseOpened:
    """An inspection at a unit."""
    return OtherCaseOpened(
        case_id=case_id, case_kind=OtherCaseKind.INSPECTION, cvr=cvr, p_number=p_number, opened_on=STANDS_ON
    )


def opened(stream: UUID, version: int, cvr: str, p_number: str) -> Message:
    """That the case of the stream was opened at a unit."""
    return _message(stream, version, OtherCaseOpened.__name__, inspection(stream, cvr, p_number).public_json())


def to_be_parked(case: Case) -> list[Message]:
    """One that does not read, one that waits behind it, and one before which another is missing."""
    return [
        _message(UNREADABLE, 1, "OfAnotherVersion", "not JSON"),
        *(opened(stream, 2, case.cvr, case.units[0]) for stream in (UNREADABLE, BEHIND_A_GAP)),
    ]


async def send(kafka: Kafka, messages: Iterable[Message]) -> None:
    """Publish on the topic of orders and other cases, in this order per case."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers)
    await producer.start()
    try:
        for one in messages:
            key = str(one.stream).encode()
            await producer.send_and_wait(kafka.name("orders"), one.body.encode(), key=key, headers=one.headers())
    finally:
        await producer.stop()


def _message(stream: UUID, version: int, name: str, body: str) -> Message:
    return Message(
        source=SOURCE,
        stream=stream,
        epoch=1,
        version=version,
        event_id=uuid5(stream, str(version)),
        type=name,
        schema_version=OtherCaseOpened.schema_version,
        occurred_at=day(0),
        recorded_at=datetime.now(UTC),
        body=body,
        actor=SOURCE,
    )
