"""Compose's topology by processes of this machine: its commands and its environment, with other hosts and ports."""

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from deploy.local.virtual_time import VirtualTime
from shared.eventstore.clock import VirtualClock
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from tests.compose import Container, containers
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, UNIT, offer
from tests.integration.system.running_system import BEGINS, PROJECT, SERVICES, SHORT_LIVED, RunningSystem
from tests.secured_kafka import PASSWORDS, SecuredKafka, secured_kafka


@dataclass
class ComposedSystem(RunningSystem):
    """Each service as its container is started."""

    containers: Mapping[str, Container] = field(default_factory=dict)
    broker: Mapping[str, str] = field(default_factory=dict)
    """The variables that name the broker, here."""

    def start(self, *names: str, together: bool = False) -> None:
        """See RunningSystem.start; containers never share a process."""
        assert not together
        for name in names:
            with (self.state / f"{name}.log").open("ab") as log:
                command = [sys.executable, "-m", *self.containers[name].command]
                environment = self.environment_of(name)
                self.processes[name] = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)

    def run(self, name: str) -> str:
        """A container that ends by itself; what it said."""
        ended = subprocess.run(
            [sys.executable, "-m", *self.containers[name].command],
            cwd=PROJECT,
            env=self.environment_of(name),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def environment_of(self, name: str) -> dict[str, str]:
        """The container's, where its names of hosts, its ports and its folder lead here."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTALE_")}
        return inherited | {
            "AFTALE_TOPIC_PREFIX": self.kafka.prefix,
            "AFTALE_STATE": str(self.state),
            "AFTALE_CLOCK": "virtual",
            **{key: self._here(name, key, value) for key, value in self.containers[name].environment.items()},
        }

    def _here(self, name: str, variable: str, value: str) -> str:
        if variable.startswith("AFTALE_POSTGRES"):
            return self.postgres if variable == "AFTALE_POSTGRES" else login_urls(self.postgres)[variable]
        if variable.startswith("AFTALE_PORT_"):
            return str(self.ports[name])  # in its container each has the port for itself, and so all have the same
        if variable.startswith("AFTALE_ADDRESS_"):
            return f"http://127.0.0.1:{self.ports[str(urlsplit(value).hostname)]}"
        return self.broker.get(variable, value)


@asynccontextmanager
async def composed_system(postgres: str, kafka: SecuredKafka, state: Path) -> AsyncIterator[ComposedSystem]:
    """From an empty database to four services, in the order that Compose has; stopped at the end."""
    clock = VirtualClock(state / "clock", BEGINS)
    connection = await asyncpg.connect(postgres)
    ports = {name: free_port() for name in SERVICES}
    made = containers(defaultdict(lambda: "secret", PASSWORDS))
    cluster = Kafka(kafka.bootstrap, login=kafka.login("business-register"))
    async with httpx.AsyncClient(timeout=60, limits=SHORT_LIVED) as client:
        time = VirtualTime(clock, connection)
        system = ComposedSystem(
            state, postgres, cluster, client, time, ports, free_port(), containers=made, broker=kafka.environment()
        )
        try:
            for once in ("logins", "migrate"):
                await asyncio.to_thread(system.run, once)
            system.start(*SERVICES)
            await system.until_healthy(*SERVICES)
            yield system
        finally:
            await system.stop()
            await connection.close()


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path / "kafka") as kafka:
        yield kafka


@pytest.mark.rule("R1")
async def test_an_agreement_is_made_and_shown_then_and_now(
    empty_database: str, secured: SecuredKafka, tmp_path: Path
) -> None:
    """R1: control asks offers for what was seen, wherever that is, and never itself. Each is to Kafka who it is."""
    async with composed_system(empty_database, secured, tmp_path) as system:
        assert await asyncio.to_thread(system.run, "close-history") == "", "no process of another release is connected"
        await system.register(UNIT)
        sent = await system.people.inspector("anna").do("offers", "/v1/offers", offer())
        delivery, acceptance = f"/v1/offers/{sent['id']}/delivery", f"/v1/offers/{sent['id']}/acceptance"
        await system.people.portal().do("offers", delivery, {"delivered": True})
        await system.people.company(CVR).do("offers", acceptance, {"has_read": True})
        await system.time.settle()
        shown = await Asker.of(system, Role.INSPECTOR).get(f"/v1/agreements/{sent['id']}/then-and-now")
        assert shown.status_code == 200, shown.text
        assert shown.json()["then"]["seen_at"].startswith("2026-03-02")
