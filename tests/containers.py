"""PostgreSQL and Kafka by testcontainers, where an engine answers and has, or gets, their images."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Self

import docker
from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.local.kafka import LONE_BROKER
from deploy.local.servers import Servers

POSTGRES_IMAGE = os.environ.get("AFTALE_POSTGRES_IMAGE", "postgres:18")
KAFKA_IMAGE = os.environ.get("AFTALE_KAFKA_IMAGE", "apache/kafka:4.3.1")
_PORT = 9092
_CONTROLLER_PORT = 9093
_ADVERTISED = "/tmp/advertised"  # noqa: S108 (inside the container)
_SECONDS_TO_ANSWER = 5
_SECONDS_WITHOUT_PROGRESS = 60


class ApacheKafkaContainer(DockerContainer):
    """One broker from Apache's own image; the KafkaContainer of testcontainers fits only Confluent's."""

    def __init__(self, image: str = KAFKA_IMAGE) -> None:
        super().__init__(image)
        self.with_exposed_ports(_PORT)
        settings = {
            **LONE_BROKER,
            "controller.quorum.voters": f"1@localhost:{_CONTROLLER_PORT}",
            "listeners": f"PLAINTEXT://:{_PORT},CONTROLLER://:{_CONTROLLER_PORT}",
            "heap.opts": "-Xmx256m",
        }
        for name, value in settings.items():
            self.with_env(f"KAFKA_{name.upper().replace('.', '_')}", str(value))
        # Which port the engine gives is known only once the container runs, and the broker must tell clients that one.
        wait = f"until [ -s {_ADVERTISED} ]; do sleep 0.1; done"
        start = f'KAFKA_ADVERTISED_LISTENERS="$(cat {_ADVERTISED})" exec /etc/kafka/docker/run'
        self.with_command(["sh", "-c", f"{wait}; {start}"])

    @property
    def bootstrap(self) -> str:
        """host:port as seen from here."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(_PORT)}"

    def start(self) -> Self:
        """Returns when the broker takes requests."""
        super().start()
        self.copy_into_container(f"PLAINTEXT://{self.bootstrap}".encode(), _ADVERTISED)
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(60).wait_until_ready(self)
        return self


def why_no_containers() -> str | None:
    """What is in the way of using containers; None if nothing is. Images that are missing are pulled."""
    try:
        with closing(docker.from_env(timeout=_SECONDS_TO_ANSWER)) as client:
            client.ping()
    except (DockerException, RequestException) as refused:
        return f"no container engine answers: {_in_short(refused)}"
    with closing(docker.from_env(timeout=_SECONDS_WITHOUT_PROGRESS)) as client:
        for image in _images():
            try:
                _provide(client, image)
            except (DockerException, RequestException) as refused:
                return f"the container engine cannot get the image {image}: {_in_short(refused)}"
    return None


@contextmanager
def container_servers() -> Iterator[Servers]:
    """Both servers, stopped at the end."""
    postgres_container = PostgresContainer(POSTGRES_IMAGE).with_command(["postgres", "-c", "fsync=off"])
    with postgres_container as postgres, ApacheKafkaContainer() as kafka:
        yield Servers(postgres.get_connection_url(driver=None), kafka.bootstrap)


def _images() -> list[str]:
    """Those of the servers, and of Ryuk, which removes the containers of a killed run."""
    names = [POSTGRES_IMAGE, KAFKA_IMAGE]
    if not testcontainers_config.ryuk_disabled:
        names.append(testcontainers_config.ryuk_image)
    return [f"{testcontainers_config.hub_image_name_prefix}{name}" for name in names]


def _provide(client: docker.DockerClient, image: str) -> None:
    try:
        client.images.get(image)
    except ImageNotFound:
        client.images.pull(image)


def _in_short(refused: Exception) -> str:
    """What the engine said, without the request that it said it to."""
    return str(getattr(refused, "explanation", None) or refused)
