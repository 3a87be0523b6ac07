"""Five real service processes on a database and topics of their own, on the virtual clock; each can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import psutil
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from deploy.demo.people import People
from deploy.local.foreign_facts import register_of_businesses, unit_fact
from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from deploy.local.progress_wait import ProgressWait
from deploy.local.virtual_time import VirtualTime
from migrations.logins import set_passwords
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.eventstore.clock import VirtualClock
from shared.messaging.bus import Kafka
from tests.integration.system.unreliable_network import UnreliableNetwork
from tests.own_topics import own_topics

PROJECT = Path(__file__).parents[3]
SERVICES = ("offers", "guidance", "control", "notices", "reporting")
SHORT_LIVED = httpx.Limits(keepalive_expiry=2)
"""Connections that rest are closed here before a service closes them, which a request may meet (uvicorn: 5 s)."""
BEGINS = datetime(2026, 3, 2, 7, tzinfo=UTC)


@dataclass
class RunningSystem:
    """What a test holds in its hands."""

    state: Path
    postgres: str
    kafka: Kafka
    client: httpx.AsyncClient
    time: VirtualTime
    ports: dict[str, int]
    mail_port: int
    """Of the mail server, which writes what it takes into the maildir `mail` of the state folder."""
    reports_port: int = field(default_factory=free_port)
    """Where notices receive reports about undelivered messages."""
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = UnreliableNetwork(self._kill_and_start_whoever_listens, self._sign_of_whoever_listens)
        self._people_client = httpx.AsyncClient(transport=self.network, timeout=10)

    @property
    def people(self) -> People:
        """Persons of every role, who send again what was not answered."""
        return People(
            self._people_client, {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}, self.state
        )

    def start(self, *names: str, together: bool = False) -> None:
        """Start services, each as a process of its own or all in one."""
        for group in [names] if together else [(name,) for name in names]:
            log = (self.state / f"{group[0]}.log").open("ab")
            command = [sys.executable, "-m", "services.serve", *group]
            process = subprocess.Popen(command, cwd=PROJECT, env=self._environment(), stdout=log, stderr=log)
            log.close()
            self.processes |= dict.fromkeys(group, process)

    async def until_healthy(self, *names: str) -> None:
        """Wait until services answer."""
        for name in names:
            wait = ProgressWait(name)
            while True:
                try:
                    if (await self.client.get(f"http://127.0.0.1:{self.ports[name]}/health")).is_success:
                        break
                except httpx.TransportError:
                    pass
                ended = self.processes[name].poll() is not None
                if ended or not wait.keep_waiting(self._sign(name)):
                    raise AssertionError(f"{name} is not up: {(self.state / f'{name}.log').read_text()[-3000:]}")
                await asyncio.sleep(0.05)

    def kill(self, name: str) -> None:
        """SIGKILL: nothing is tidied up."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def kill_and_start_again(self, name: str) -> None:
        """A crash and a restart, without waiting until it answers."""
        self.kill(name)
        self.start(name)

    async def stop(self) -> None:
        """End every process that still runs, politely."""
        await self._people_client.aclose()
        running = {process for process in self.processes.values() if process.poll() is None}
        for process in running:
            process.terminate()
        for process in running:
            process.wait(300)

    async def register(self, *units: UnitRegistered | UnitCeased) -> None:
        """Let the business register publish units, and everybody take them."""
        async with register_of_businesses(self) as register:
            await register.publish(unit_fact(unit) for unit in units)
            await register.until_taken("offers")
            await register.until_taken("reporting")

    def _sign(self, name: str) -> int:
        """The megabytes of a process: they change while it starts."""
        return int(psutil.Process(self.processes[name].pid).memory_info().rss // 2**20)

    def _sign_of_whoever_listens(self, port: int | None) -> int:
        return self._sign(self._listening_on(port))

    def _kill_and_start_whoever_listens(self, port: int | None) -> None:
        self.kill_and_start_again(self._listening_on(port))

    def _listening_on(self, port: int | None) -> str:
        return next(name for name, own in self.ports.items() if own == port)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "AFTALE_POSTGRES": "",
            **login_urls(self.postgres),
            "AFTALE_KAFKA": self.kafka.servers,
            "AFTALE_TOPIC_PREFIX": self.kafka.prefix,
            "AFTALE_STATE": str(self.state),
            "AFTALE_CLOCK": "virtual",
            "AFTALE_MODE": "local",
            "AFTALE_MAIL_HOST": "127.0.0.1",
            "AFTALE_MAIL_PORT": str(self.mail_port),
            "AFTALE_MAIL_TLS": "none",
            "AFTALE_MAIL_FROM": "Arbejdstilsynet <svar@tilsyn.example>",
            "AFTALE_MAIL_RETURN_DOMAIN": "retur.tilsyn.example",
            "AFTALE_MAIL_REPORTS_PORT": str(self.reports_port),
            **{f"AFTALE_PORT_{name.upper()}": str(port) for name, port in self.ports.items()},
        }


@asynccontextmanager
async def running_system(
    postgres: str,
    kafka: str,
    state: Path,
    *,
    together: bool = False,
    begins: datetime = BEGINS,
    mail: object | None = None,
) -> AsyncIterator[RunningSystem]:
    """A whole system, stopped at the end. `mail` has hooks of aiosmtpd; without it a maildir in `state` is filled."""
    clock = VirtualClock(state / "clock", begins)
    await set_passwords(postgres, list(login_urls(postgres).values()))
    connection = await asyncpg.connect(postgres)
    ports = dict.fromkeys(SERVICES, free_port()) if together else {name: free_port() for name in SERVICES}
    async with own_topics(kafka) as cluster, httpx.AsyncClient(timeout=60, limits=SHORT_LIVED) as client:
        server = Controller(mail or Mailbox(state / "mail"), hostname="127.0.0.1", port=free_port())
        server.start()
        system = RunningSystem(state, postgres, cluster, client, VirtualTime(clock, connection), ports, server.port)
        try:
            system.start(*SERVICES, together=together)
            await system.until_healthy(*SERVICES)
            yield system
        finally:
            await system.stop()
            server.stop()
            await connection.close()
