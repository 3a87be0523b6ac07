"""Starts PostgreSQL and Kafka concurrently for tests, and stops them in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from deploy.local.state import State


@dataclass(frozen=True)
class Servers:
    """The addresses of the two servers."""

    postgres_dsn: str
    kafka_bootstrap: str


@contextmanager
def local_servers(state: Path, *, postgres_port: int | None = None, kafka_port: int | None = None) -> Iterator[Servers]:
    """Runs private servers for tests: data in `state`, on free ports unless some are given. Stops them at the end."""
    folder = State(state.absolute())
    postgres = LocalPostgres(folder, postgres_port or free_port())
    kafka = LocalKafka(folder, kafka_port or free_port(), free_port())
    try:
        # Servers that a killed test run left in the same folder listen on that run's ports.
        kafka.stop()
        postgres.stop()
        postgres.start()
        kafka.start()
        postgres.wait_until_ready()
        kafka.wait_until_ready()
        yield Servers(postgres.dsn, kafka.bootstrap)
    finally:
        kafka.stop()
        postgres.stop()
