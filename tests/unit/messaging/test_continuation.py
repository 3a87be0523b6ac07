"""What a stream takes back from Kafka, and what it cannot."""

from datetime import UTC, datetime
from uuid import UUID

from shared.messaging.cloudevents import Message
from shared.messaging.continuation import Continuation, continuation
from shared.messaging.inbox import Standing

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


def fact(version: int, name: int | None = None, epoch: int = 1) -> Message:
    """A published fact; its id is told by `name`, by default the version."""
    identity = UUID(int=version if name is None else name)
    return Message("here", UUID(int=0), epoch, version, identity, "Counted", 1, NOW, NOW, "{}")


def of(head: int, *published: Message, epoch: int = 1) -> Continuation:
    """The stream stands at version `head`, with the facts that are named by their versions."""
    recorded = {version: (epoch, UUID(int=version)) for version in range(1, head + 1)}
    standing = Standing(epoch, head, UUID(int=head)) if head else Standing()
    return continuation(standing, recorded, published)


def names(found: Continuation) -> list[int]:
    return [message.event_id.int for message in found.taken]


def reasons(found: Continuation) -> list[tuple[int, str]]:
    return [(one.message.event_id.int, one.reason) for one in found.unrecoverable]


def test_what_follows_the_head_is_taken_once_and_in_order() -> None:
    found = of(2, fact(2), fact(3), fact(4), fact(3), fact(4), fact(5))
    assert (names(found), reasons(found)) == ([3, 4, 5], [])


def test_a_lost_stream_is_taken_from_its_first_version() -> None:
    assert names(of(0, fact(1), fact(2))) == [1, 2]


def test_behind_a_gap_nothing_is_taken() -> None:
    found = of(1, fact(2), fact(4), fact(5))
    assert (names(found), reasons(found)) == ([2], [(4, "version 3 is missing"), (5, "version 3 is missing")])


def test_a_gap_that_a_republication_has_filled_is_none() -> None:
    assert names(of(1, fact(3), fact(4), fact(2), fact(3), fact(4))) == [2, 3, 4]


def test_another_fact_at_a_version_that_is_recorded_here_keeps_all_that_follows_it_out() -> None:
    found = of(2, fact(2, name=20), fact(3, name=30))
    assert names(found) == []
    assert found.diverged_at == 2
    assert reasons(found) == [
        (20, f"version 2 is recorded as {UUID(int=2)}"),
        (30, "it follows another fact of version 2"),
    ]


def test_what_an_earlier_restore_has_ended_is_left_out() -> None:
    found = of(1, fact(2), fact(3), fact(2, name=20, epoch=2), fact(3, name=30, epoch=2), fact(4))
    assert (names(found), reasons(found)) == ([20, 30], [])


def test_what_a_restore_has_ended_here_too_is_no_divergence() -> None:
    found = of(2, fact(2, name=20), fact(3, name=30), epoch=2)
    assert (names(found), reasons(found), found.diverged_at) == ([], [], None)


def test_a_higher_epoch_that_leaves_a_gap_ends_nothing() -> None:
    found = of(1, fact(2), fact(5, epoch=2))
    assert (names(found), reasons(found)) == ([2], [(5, "version 3 is missing")])


def test_two_facts_of_one_version_and_epoch_on_kafka_are_told() -> None:
    found = of(1, fact(2), fact(2, name=20))
    assert (names(found), reasons(found)) == ([2], [(20, f"version 2 was published as {UUID(int=2)} before")])


def test_an_epoch_out_of_nowhere_neither_follows_nor_diverges() -> None:
    found = of(2, fact(2, name=20, epoch=2**31 - 1), fact(3, name=30, epoch=2**31 - 1), fact(3))
    assert (names(found), found.diverged_at) == ([3], None)
    assert reasons(found) == [(name, f"epoch {2**31 - 1} is not believed") for name in (20, 30)]
