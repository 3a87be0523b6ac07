"""PostgreSQL and Kafka by testcontainers, where a container engine answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.errors import DockerException
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer

from deploy.local.servers import Servers

POSTGRES_IMAGE = os.environ.get("AFTALE_POSTGRES_IMAGE", "postgres:18")
KAFKA_IMAGE = os.environ.get("AFTALE_KAFKA_IMAGE", "confluentinc/cp-kafka:8.1.0")


def engine_answers() -> bool:
    """Whether there is a container engine to use."""
    try:
        client = docker.from_env(timeout=5)
        client.ping()
        client.close()
    except DockerException:
        return False
    return True


@contextmanager
def container_servers() -> Iterator[Servers]:
    """Both servers, stopped at the end."""
    with PostgresContainer(POSTGRES_IMAGE) as postgres, KafkaContainer(KAFKA_IMAGE).with_kraft() as kafka:
        yield Servers(postgres.get_connection_url(driver=None), kafka.get_bootstrap_server())
