"""Which login may read and write which topic, as Kafka's own rights (ACLs). They are granted after the topics exist."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from migrations.topics import connected_admin, create_topics
from shared.messaging.kafka_login import KafkaLogin, login_of

_RECORDING = ("offers", "guidance", "control")
_ORDERS, _REGISTER = "order-system", "business-register"
_FOREIGN = (_ORDERS, _REGISTER)
_NOTICES = "notices"
SERVICES = (*_RECORDING, _NOTICES, "reporting")
WRITERS: Mapping[str, tuple[str, ...]] = {
    "agreements": _RECORDING,
    "orders": (_ORDERS,),
    "register": (_REGISTER,),
    "people": ("control",),
    "notices": (_NOTICES,),
    "republish": SERVICES,
    "heads": (*_RECORDING, _NOTICES, *_FOREIGN),
}
"""The writers of each topic. Kafka cannot ensure that each service writes `agreements` under its own `ce_source` only:
consumers find a forged record when they compare what they received with the heads of its source."""
READERS: Mapping[str, tuple[str, ...]] = {
    # The order system reads which orders are requested; a foreign system reads its own topic for what it has published.
    "agreements": (*SERVICES, _ORDERS),
    "orders": ("control", "reporting", _ORDERS),
    "register": ("offers", "reporting", _REGISTER),
    "notices": (_NOTICES,),  # it reads at its start what it has published
    "people": SERVICES,  # control reads at its start what it has published
    "republish": (*_RECORDING, _NOTICES, *_FOREIGN),
    "heads": SERVICES,
}
_GROUPS: Mapping[str, str] = {
    **{service: f"aftale-{service}-" for service in SERVICES},
    **{system: f"{system}-" for system in _FOREIGN},
}
"""The prefix of the names of each login's consumer groups."""


class Resource(IntEnum):
    """The kind of resource that a right is about, in Kafka's protocol."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """How the name of a resource is compared, in Kafka's protocol."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """The operation that is allowed, in Kafka's protocol. Each includes DESCRIBE."""

    READ = 3
    WRITE = 4


_ALLOW = 3
_ANY_HOST = "*"


@dataclass(frozen=True)
class Right:
    """What a login may do with a topic, or with the consumer groups whose names begin with a prefix."""

    login: str
    operation: Operation
    resource: Resource
    name: str
    pattern: Pattern


def rights(prefix: str) -> Iterator[Right]:
    """Yields all rights for the topics and groups with this prefix."""
    for operation, holders in ((Operation.WRITE, WRITERS), (Operation.READ, READERS)):
        for topic, logins in holders.items():
            for who in logins:
                yield Right(login_of(who), operation, Resource.TOPIC, f"{prefix}{topic}", Pattern.LITERAL)
    for who, begins in _GROUPS.items():
        yield Right(login_of(who), Operation.READ, Resource.GROUP, f"{prefix}{begins}", Pattern.PREFIXED)


async def make_topics(
    kafka: str, *, prefix: str, operator: KafkaLogin | None, say: Callable[[str], None] = print
) -> None:
    """Creates missing topics, and grants every login its rights if Kafka requires logins. Can be repeated.

    Waits for Kafka, and says so now and then. Raises KafkaError.
    """
    await create_topics(kafka, prefix=prefix, say=say, login=operator)
    if operator is not None:
        await grant_rights(kafka, operator, prefix=prefix)


async def grant_rights(kafka: str, operator: KafkaLogin, *, prefix: str) -> None:
    """Grants every login its rights; existing ones stay. The operator is a super user of Kafka."""
    admin = await connected_admin(kafka, login=operator)
    try:
        for right in rights(prefix):
            await _grant(admin, right)
    finally:
        await admin.close()


async def _grant(admin: AIOKafkaAdminClient, right: Right) -> None:
    request = CreateAclsRequest(
        right.resource, right.name, right.pattern, f"User:{right.login}", _ANY_HOST, right.operation, _ALLOW
    )
    # aiokafka has this request, but no method that sends it.
    response = await admin._send_to_controller(request)
    for code, message in response.creation_responses:
        if code:
            raise for_code(code)(f"{right}: {message}")
