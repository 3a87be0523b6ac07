"""Where a message stands to what was taken before it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.messaging.cloudevents import Message
from shared.messaging.inbox import Place, Standing, place

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
A_STREAM, THE_SAME, ANOTHER = UUID(int=9), UUID(int=1), UUID(int=2)


def message(version: int, epoch: int = 1, event_id: UUID = THE_SAME, stream: UUID = A_STREAM) -> Message:
    return Message(
        source="there",
        stream=stream,
        epoch=epoch,
        version=version,
        event_id=event_id,
        type="Counted",
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body="{}",
    )


@pytest.mark.parametrize(
    ("epoch", "version", "event_id", "expected"),
    [
        (1, 6, ANOTHER, Place.NEXT),
        (1, 5, THE_SAME, Place.DUPLICATE),
        (1, 5, ANOTHER, Place.ALARM),
        (1, 4, ANOTHER, Place.DUPLICATE),
        (1, 7, ANOTHER, Place.GAP),
        (2, 6, ANOTHER, Place.NEXT),
        (2, 5, ANOTHER, Place.NEXT),
        (2, 1, ANOTHER, Place.NEXT),
        (2, 7, ANOTHER, Place.GAP),
        (0, 6, ANOTHER, Place.DUPLICATE),
    ],
)
def test_a_message_after_version_5_of_epoch_1(epoch: int, version: int, event_id: UUID, expected: Place) -> None:
    assert place(Standing(1, 5, THE_SAME), message(version, epoch, event_id)) is expected


@pytest.mark.parametrize(("version", "expected"), [(1, Place.NEXT), (2, Place.GAP)])
def test_the_first_message_of_a_stream(version: int, expected: Place) -> None:
    assert place(Standing(), message(version)) is expected


def test_a_step_leads_from_where_the_inbox_stood_to_the_message() -> None:
    step = Standing(1, 5, THE_SAME).step(message(6, epoch=2, event_id=ANOTHER))
    assert (step.from_epoch, step.from_version, step.epoch, step.version, step.event_id) == (1, 5, 2, 6, ANOTHER)
