"""The broker of Compose by a process of this machine: its settings, with other ports and folders."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.containers.certificates import AUTHORITY, BROKER, make_certificates
from deploy.local.kafka import LocalKafka
from deploy.local.ports import HOST, free_port
from deploy.local.state import State
from migrations.topics import connected_admin
from shared.messaging.kafka_login import LOGINS, OPERATOR, KafkaLogin, login_of, variable_of
from tests.compose import Container, containers

_ADVERTISED = "kafka"
_SECURE, _CONTROLLER = ":9094", "localhost:9093"
PASSWORDS = {variable_of(who): f"of-{login_of(who)}" for who in (*LOGINS, "broker")}


@dataclass(frozen=True)
class SecuredKafka(LocalKafka):
    """Takes connections of known logins only, over TLS."""

    container: Container = field(kw_only=True)

    @property
    def authority(self) -> Path:
        """What clients trust."""
        return self.home / AUTHORITY

    def login(self, who: str) -> KafkaLogin:
        """As a service or a foreign system is given it."""
        return KafkaLogin(login_of(who), PASSWORDS[variable_of(who)], self.authority, "PLAIN")

    def environment(self) -> dict[str, str]:
        """What the container of a service is told of it, but for passwords."""
        return {"AFTALE_KAFKA": self.bootstrap, "AFTALE_KAFKA_CA": str(self.authority), "AFTALE_KAFKA_SASL": "PLAIN"}

    def _properties(self) -> str:
        told = {
            # As the image turns variables into settings.
            name.removeprefix("KAFKA_").lower().replace("_", "."): value
            for name, value in self.container.environment.items()
            if name.startswith("KAFKA_") and name not in ("KAFKA_HEAP_OPTS", "KAFKA_LOG_DIRS")
        }
        here = {
            f"{_ADVERTISED}{_SECURE}": self.bootstrap,
            f"//{_SECURE}": f"//{self.bootstrap}",
            _CONTROLLER: f"{HOST}:{self.controller_port}",
            f"/broker-key/{BROKER}": str(self.home / BROKER),
            f"/certificates/{AUTHORITY}": str(self.authority),
        }
        lines = {**told, "log.dirs": "data", "log.index.size.max.bytes": "1048576"}
        return "".join(f"{name}={_replaced(value, here)}\n" for name, value in lines.items())

    async def _has_broker(self) -> bool:
        """The listener is open only once the broker is part of its cluster; its certificate is looked at, too."""
        async with asyncio.timeout(60):
            admin = await connected_admin(self.bootstrap, login=self.login(OPERATOR))
        await admin.close()
        return True


def _replaced(value: str, parts: Mapping[str, str]) -> str:
    for old, new in parts.items():
        value = value.replace(old, new)
    return value


@contextmanager
def secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """Running, with certificates of its own."""
    state = State(folder)
    container = containers({**PASSWORDS, **dict.fromkeys(_OTHERS, "secret")})["kafka"]
    kafka = SecuredKafka(state, free_port(), free_port(), container=container)
    make_certificates(kafka.home, kafka.home, HOST)
    kafka.start()
    try:
        kafka.wait_until_ready()
        yield kafka
    finally:
        kafka.stop()


_OTHERS = (
    "AFTALE_POSTGRES_PASSWORD",
    *(
        f"AFTALE_POSTGRES_{who}_PASSWORD"
        for who in ("MIGRATIONS", "OFFERS", "GUIDANCE", "CONTROL", "NOTICES", "REPORTING")
    ),
)
