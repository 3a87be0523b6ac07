"""How a stream goes on beyond what its own database has of it: pure, from the records that Kafka kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shared.messaging.cloudevents import Message
from shared.messaging.inbox import Standing

LARGEST_EPOCH = 1_000_000
"""The highest epoch that is believed: no source is restored more often."""


@dataclass(frozen=True)
class Unrecoverable:
    """A published fact that cannot be restored to its stream, and why."""

    message: Message
    reason: str


@dataclass
class Continuation:
    """The published facts that can be restored to a stream, and those that cannot."""

    taken: list[Message] = field(default_factory=list)
    """Facts to be restored, without gaps after the stream's head."""
    unrecoverable: list[Unrecoverable] = field(default_factory=list)
    diverged_at: int | None = None
    """The first version at which the database holds another fact than Kafka."""


def continuation(
    head: Standing, recorded: Mapping[int, tuple[int, UUID]], published: Sequence[Message]
) -> Continuation:
    """Returns which published facts of one stream can be restored after its head, and which cannot.

    `published` is in the order of the partition; `recorded` holds epoch and event id of the versions up to the head. A
    fact of a lower epoch than the one before it belongs to a history that an earlier restore has ended. A fact of a
    higher epoch continues from any version up to the next, and ends what followed there.
    """
    found = Continuation()
    waiting: dict[int, Message] = {}
    for message in published:
        if message.epoch > LARGEST_EPOCH:
            found.unrecoverable.append(Unrecoverable(message, f"epoch {message.epoch} is not believed"))
        elif message.version <= head.version:
            _compare(found, message, *recorded[message.version])
        else:
            _follow(found, waiting, head, message)
    last = found.taken[-1].version if found.taken else head.version
    found.unrecoverable += [Unrecoverable(message, f"version {last + 1} is missing") for message in waiting.values()]
    if found.diverged_at is not None:
        reason = f"it follows another fact of version {found.diverged_at}"
        found.unrecoverable += [Unrecoverable(message, reason) for message in found.taken]
        found.taken = []
    return found


def _compare(found: Continuation, message: Message, epoch: int, event_id: UUID) -> None:
    if message.event_id != event_id and message.epoch >= epoch:
        found.unrecoverable.append(Unrecoverable(message, f"version {message.version} is recorded as {event_id}"))
        found.diverged_at = min(message.version, found.diverged_at or message.version)


def _follow(found: Continuation, waiting: dict[int, Message], head: Standing, message: Message) -> None:
    epoch = found.taken[-1].epoch if found.taken else head.epoch
    if message.epoch < epoch:
        return
    number = message.version - head.version - 1
    if message.epoch > epoch and number <= len(found.taken):
        del found.taken[number:]
        for version in [version for version, one in waiting.items() if one.epoch < message.epoch]:
            del waiting[version]
    if number > len(found.taken):
        waiting.setdefault(message.version, message)
    elif number == len(found.taken):
        found.taken.append(message)
        while following := waiting.pop(found.taken[-1].version + 1, None):
            found.taken.append(following)
    elif found.taken[number].event_id != message.event_id:
        other = found.taken[number].event_id
        found.unrecoverable.append(Unrecoverable(message, f"version {message.version} was published as {other} before"))
