"""Starts the servers and services on one machine in order, and stops them in reverse order."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock

import httpx
from aiokafka.errors import KafkaError

from deploy.local import foreign_answers, kafka, mail, postgres, run_module, watcher
from deploy.local.kafka import LocalKafka
from deploy.local.ports import HOST, answers, require_free
from deploy.local.postgres import LocalPostgres
from deploy.local.processes import Process, UserError
from deploy.local.progress_wait import ProgressWait
from deploy.local.settings import SERVICES, Settings, clock_file
from deploy.local.state import PROGRAMS, PROJECT
from migrations.kafka_rights import make_topics
from shared.eventstore.clock import VirtualClock
from shared.messaging.kafka_login import OPERATOR, logins

DATA = (
    *(
        "postgres",
        "kafka",
        "logs",
        "run",
        "spans",
        "secrets",
        "attachments",
        "erasures",
        "clock",
        "other-systems",
        "mail",
    ),
    *("demo-played", "rules-played", "restores", "people-listed"),
)
"""The files and folders in the state folder that `reset` deletes."""


class Machine:
    """The servers and services of one state folder."""

    def __init__(self, settings: Settings, progress: Callable[[str], None] = print) -> None:
        self.settings = settings
        self.state = settings.state
        self._progress = progress
        self.postgres = LocalPostgres(
            self.state,
            _port(Process(self.state, "postgres"), settings.postgres_port, postgres.DEFAULT_PORT),
        )
        self.kafka = LocalKafka(
            self.state,
            _port(Process(self.state, "kafka"), settings.kafka_port, kafka.DEFAULT_PORT),
            settings.kafka_controller_port or kafka.DEFAULT_PORT + 1,
        )

    @contextmanager
    def exclusive_lock(self) -> Iterator[None]:
        """Waits for the lock of commands that start or stop processes: only one of them runs at a time."""
        self.state.folder.mkdir(parents=True, exist_ok=True)
        with (self.state.folder / "lock").open("w") as lock:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                self._progress("Waiting for another ./aftale command that is starting or stopping things ...")
                flock(lock, LOCK_EX)
            yield

    def environment(self) -> dict[str, str]:
        """Returns the variables for operators' commands: the addresses of the servers in use, and every login."""
        return self.settings.environment(*self._servers())

    def _servers(self) -> tuple[str, str]:
        return self.settings.postgres or self.postgres.dsn, self.settings.kafka or self.kafka.bootstrap

    def servers_up(self) -> None:
        """Starts PostgreSQL and Kafka concurrently, unless the user named other servers, and waits for both."""
        begun = time.monotonic()
        local, started = self._start_servers()
        for server in local:
            server.wait_until_ready(self._progress)
        if started:
            self._progress(f"Servers ready after {time.monotonic() - begun:.1f} s.")

    def _start_servers(self) -> tuple[list[LocalPostgres | LocalKafka], bool]:
        """Starts the local servers; returns them, and whether one of them did not run yet."""
        local: list[LocalPostgres | LocalKafka] = []
        started = False
        if self.settings.postgres is None:
            if self.postgres.process.running() is None:
                started = True
                self._progress("Starting PostgreSQL ...")
            self.postgres.start()
            local.append(self.postgres)
        if self.settings.kafka is None:
            if self.kafka.process.running() is None:
                started = True
                self._progress("Starting Kafka ...")
            self.kafka.start(self._progress)
            local.append(self.kafka)
        return local, started

    def migrate(self) -> None:
        """Migrates every schema and creates missing topics."""
        migrating = self._begin_migrating()
        self._make_topics()
        self._finish_migrating(migrating)

    def _begin_migrating(self) -> "subprocess.Popen[bytes]":
        """Starts to migrate the schemas, which need only PostgreSQL, so that Kafka can start meanwhile."""
        self._progress("Bringing schemas and topics up to date ...")
        return subprocess.Popen([sys.executable, "-m", "migrations", "schemas"], cwd=PROJECT, env=self._child())

    def _finish_migrating(self, migrating: "subprocess.Popen[bytes]") -> None:
        if migrating.wait() != 0:
            raise UserError("The migrations failed; see their output above. Nothing else was started.")

    def _make_topics(self) -> None:
        servers = self.settings.kafka or self.kafka.bootstrap
        prefix = os.environ.get("AFTALE_TOPIC_PREFIX", "")
        try:
            operator = logins(os.environ).get(OPERATOR)
            asyncio.run(make_topics(servers, prefix=prefix, operator=operator, say=self._progress))
        except KafkaError as error:
            raise UserError(f"The topics could not be created: {error!r}") from error

    def services_up(self) -> None:
        """Starts each service that does not run yet as a process, and waits until all are healthy."""
        begun = time.monotonic()
        if self.settings.clock == "virtual":
            self.set_up_clock(datetime.now(UTC))
        started = [name for name in SERVICES if self.service(name).running() is None]
        for name in started:
            self._start_service(name)
        self._progress(f"Waiting for {', '.join(SERVICES)} ...")
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            list(pool.map(self._wait_until_healthy, SERVICES))
        self._progress(f"Services ready after {time.monotonic() - begun:.1f} s.")

    def _require_free_ports(self) -> None:
        """Checks the ports of all services before any is started. Raises UserError if one is in use."""
        for name in SERVICES:
            if self.service(name).running() is None:
                self._require_free_port(name)

    def _require_free_port(self, name: str) -> None:
        require_free(self.settings.port(name), f"The service {name}", f"AFTALE_PORT_{name.upper()}")

    def _start_service(self, name: str) -> None:
        self._require_free_port(name)
        port = self.settings.port(name)
        command = [sys.executable, "-m", "services.serve", name]
        self.service(name).start(
            command, cwd=PROJECT, port=port, env=self.settings.environment_of([name], *self._servers())
        )

    def start(self, name: str) -> None:
        """Starts a server or a service by its name, without waiting for it."""
        match name:
            case "postgres":
                self.postgres.start()
            case "kafka":
                self.kafka.start(self._progress)
            case foreign_answers.NAME:
                self._start_stand_ins()
            case mail.NAME:
                self._start_mail()
            case _:
                self._start_service(name)

    def _start_stand_ins(self) -> None:
        """Starts the process that answers for the business register and the order system."""
        command = [sys.executable, "-m", foreign_answers.__name__]
        self.service(foreign_answers.NAME).start(command, cwd=PROJECT, port=None, env=self.environment())

    def _start_mail(self) -> None:
        """Starts the mail server of this machine, which keeps what is sent to it in the state folder."""
        require_free(self.settings.mail_port, "The mail server", "AFTALE_MAIL_PORT")
        command = mail.command(self.state.folder / mail.NAME, self.settings.mail_port)
        self.service(mail.NAME).start(command, cwd=PROJECT, port=self.settings.mail_port)

    def watch(self, *services: str) -> None:
        """Makes the watcher restart the local servers and these services, in addition to what it watches now."""
        local = {"postgres": self.settings.postgres is None, "kafka": self.settings.kafka is None}
        before = watcher.watched_processes(self.state)
        names = [
            name
            for name in ("postgres", "kafka", mail.NAME, *SERVICES, foreign_answers.NAME)
            if local.get(name) or name in services or name in before
        ]
        process = self.service(watcher.NAME)
        process.stop((signal.SIGTERM, 5))
        command = [sys.executable, "-m", watcher.__name__, *names]
        environment = {"AFTALE_STATE": str(self.state.folder), "AFTALE_CLOCK": self.settings.clock}
        process.start(command, cwd=PROJECT, port=None, env=environment)

    def set_up_clock(self, start: datetime) -> None:
        """Sets the virtual clock to `start` if the state folder has no clock yet."""
        self.state.folder.mkdir(parents=True, exist_ok=True)
        VirtualClock(clock_file(self.state.folder), start)

    def up(self) -> None:
        """Starts servers, migrates schemas, creates topics, and starts services, stand-ins and the watcher."""
        self._require_same_clock()
        with self.exclusive_lock():
            self._require_free_ports()
            local, _ = self._start_servers()
            if self.postgres in local:
                self.postgres.wait_until_ready(self._progress)
            migrating = self._begin_migrating()
            try:
                if self.kafka in local:
                    self.kafka.wait_until_ready(self._progress)
                self._make_topics()
            finally:
                migrating.wait()  # no migration may run after this command has ended
            self._finish_migrating(migrating)
            own_mail = () if self.settings.mail_host else (mail.NAME,)
            if own_mail and self.service(mail.NAME).running() is None:
                self._start_mail()
            self.services_up()
            self._list_people()
            stand_ins = () if self.settings.kafka else (foreign_answers.NAME,)
            if stand_ins and self.service(foreign_answers.NAME).running() is None:
                self._start_stand_ins()
            self.watch(*own_mail, *SERVICES, *stand_ins)

    def _list_people(self) -> None:
        """R42: lists the people of the file in control's directory, once; who is listed already stays as is."""
        done = self.state.folder / "people-listed"
        if not done.exists():
            file = self.settings.people or PROJECT / "shared" / "people" / "inspectors.csv"
            command = [sys.executable, "-m", "deploy.local.people_import", str(file.absolute()), "--only-unlisted"]
            if subprocess.run(command, cwd=PROJECT, env=self._child(), check=False).returncode == 0:
                done.touch()
            else:
                self._progress(f"Not everybody in {file.name} was listed, see above; the next ./aftale up tries again.")

    def down(self) -> list[str]:
        """Stops the watcher first, then services, Kafka and PostgreSQL; returns the names of what ran."""
        self.service(watcher.NAME).stop((signal.SIGTERM, 5))
        watcher.report_file(self.state).unlink(missing_ok=True)
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            names = (*SERVICES, foreign_answers.NAME, mail.NAME)
            ran = list(pool.map(lambda name: self.service(name).stop((signal.SIGTERM, 15)), names))
        stopped = [name for name, was_running in zip(names, ran, strict=True) if was_running]
        stopped += ["kafka"] if self.kafka.stop() else []
        stopped += ["postgres"] if self.postgres.stop() else []
        return stopped

    def reset(self, *, everything: bool) -> None:
        """Deletes the data of the stopped servers and services; with `everything` also what was installed."""
        self.postgres.remove()
        for name in DATA:
            path = self.state.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        if everything:
            shutil.rmtree(PROGRAMS)

    def service(self, name: str) -> Process:
        """Returns the background process with this name."""
        return Process(self.state, name)

    def become(self, module: str, arguments: Sequence[str]) -> None:
        """Replaces this process with a module of the project, which then has the terminal."""
        command = [sys.executable, "-m", run_module.__name__, module, *arguments]
        os.execve(sys.executable, command, self._child())

    def become_services(self, names: Sequence[str]) -> None:
        """Replaces this process with one that runs these services, and that has only their logins."""
        environment = {**os.environ, **self.settings.environment_of(names, *self._servers())}
        command = [sys.executable, "-m", run_module.__name__, "services.serve", *names]
        os.execve(sys.executable, command, environment)

    def run(self, module: str, arguments: Sequence[str]) -> None:
        """Runs a module of the project and waits; if the module fails, which prints why, exits with its status."""
        ended = subprocess.run([sys.executable, "-m", module, *arguments], cwd=PROJECT, env=self._child(), check=False)
        if ended.returncode:
            raise SystemExit(ended.returncode)

    def _child(self) -> dict[str, str]:
        return {**os.environ, **self.environment()}

    def _require_same_clock(self) -> None:
        if self.settings.clock == "real" and clock_file(self.state.folder).exists():
            raise UserError(
                "The data here was recorded on the virtual clock: ./aftale demo starts the services on it again. "
                "For the real clock: ./aftale reset, then ./aftale up."
            )
        for name in SERVICES:
            running = self.service(name).running()
            clock = running.environ().get("AFTALE_CLOCK") if running else None
            if clock not in (None, self.settings.clock):
                raise UserError(
                    f"{name} runs with the {clock} clock, not the {self.settings.clock} one: ./aftale down first"
                    + (", or ./aftale demo to start again what the demo left." if clock == "virtual" else ".")
                )

    def _wait_until_healthy(self, name: str) -> None:
        process, wait = self.service(name), ProgressWait(f"The service {name}", self._progress)
        assert process.port is not None
        url = f"http://{HOST}:{process.port}/health/ready"
        while not _healthy(url):
            if process.running() is None:
                raise UserError(f"The service {name} ended right away. Its log ends with:\n{process.last_lines()}")
            if not wait.keep_waiting((process.vital_sign(), answers(process.port))):
                still = f"has made no progress for {wait.still_seconds:.0f} s"
                raise UserError(f"The service {name} is not ready ({url}) and {still}. Its log: {process.log}")
            time.sleep(0.1)


def _healthy(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _port(process: Process, wanted: int | None, default: int) -> int:
    """Returns the port of a server. A running server keeps its port, even if the settings have changed."""
    if process.running() is not None and process.port is not None:
        return process.port
    return wanted or default
