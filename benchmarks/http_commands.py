"""Measures commands per second over HTTP, compared with bare FastAPI: ./aftale bench http_commands [SECONDS].

One process of offers receives offers to different units: it checks token and body, reads the register and the
quarantines, applies the rules, appends durably with idempotency key and timers, and answers with an ETag. *Bare
FastAPI* validates four fields and inserts one row. *By hand* is a route that does the work of an offer in plain Python
(benchmarks/offers_by_hand.py). One client asks all of them with 32 and 128 connections, in turns of SECONDS; then again
with relay, consumers and timers in a second process. Prints rates, ratios, latencies, processor time of each server
process per command, and memory. Uses its own database and topics on the servers of `./aftale up`.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import uvloop

from benchmarks.own_database import own_database
from benchmarks.own_process import own_process
from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from tests.own_topics import own_topics

CVR = "13748136"
UNITS = 400_000
TURNS = 3
CONNECTIONS = (32, 128)
Request = Callable[[], bytes]


@dataclass
class Measurement:
    """The rate and the latencies of one variant."""

    commands: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    """Processor seconds of the server process."""
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.commands / self.seconds

    def percentile(self, share: float) -> float:
        """Returns a latency in milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1e3


@dataclass(frozen=True)
class Variant:
    """One of the servers that are compared."""

    name: str
    port: int
    process: psutil.Process
    make: Request

    def processor(self) -> float:
        """Returns the processor seconds that the server process has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def _request(path: str, body: object, headers: dict[str, str]) -> bytes:
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: bench", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(content)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _ours(token: str) -> Request:
    numbers = count()

    def make() -> bytes:
        unit = next(numbers)
        if unit >= UNITS:
            raise SystemExit(f"more than {UNITS} offers: the run is too long")
        body = {"cvr": CVR, "p_number": f"1{unit:09d}", "topic": "056", "inspection_id": "I-1", "period_months": 3}
        body["observations"] = "Tunge løft ved varemodtagelsen, uden tekniske hjælpemidler."
        return _request("/v1/offers", body, {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())})

    return make


def _bare() -> bytes:
    return _request("/offers", {"cvr": CVR, "p_number": "1003388394", "topic": "056", "kind": "suspicion"}, {})


async def _caller(variant: Variant, measured: Measurement, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", variant.port)
    while time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(variant.make())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        answer = await reader.readexactly(int(length.split(b":")[1]))
        if not head.startswith(b"HTTP/1.1 201"):
            raise SystemExit(f"not accepted: {head.splitlines()[0].decode()} {answer.decode()[:300]}")
        measured.latencies.append(time.perf_counter() - begun)
        measured.commands += 1
    writer.close()


async def _turn(variant: Variant, connections: int, measured: Measurement, seconds: float) -> None:
    begun, used = time.perf_counter(), variant.processor()
    await asyncio.gather(*(_caller(variant, measured, begun + seconds) for _ in range(connections)))
    measured.seconds += time.perf_counter() - begun
    measured.processor += variant.processor() - used


async def _register(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        """insert into offers.units (p_number, effective_from, cvr, industry)
           select '1' || lpad(n::text, 9, '0'), '2020-01-01', $1, 'day-care' from generate_series(0, $2 - 1) n""",
        CVR,
        UNITS,
    )
    await connection.close()


async def _measure(variants: Sequence[Variant], seconds: float) -> None:
    bare, *_, offers = variants
    for connections in CONNECTIONS:
        measured = {variant: Measurement() for variant in variants}
        for variant in measured:
            await _turn(variant, connections, Measurement(), 1.0)
        for _ in range(TURNS):
            for variant in measured:
                await _turn(variant, connections, measured[variant], seconds)
        for variant, measurement in measured.items():
            print(
                f"{connections:>11} {variant.name:17} {measurement.rate:>10,.0f}"
                f" {measurement.rate / measured[bare].rate:>6.2f}"
                f" {measurement.percentile(0.5):>7.1f} {measurement.percentile(0.99):>7.1f}"
                f" {measurement.processor / measurement.commands * 1e6:>7,.0f}"
            )
    print(f"{'':11} {offers.name:17} {offers.process.memory_info().rss / 2**20:.0f} MB resident")


def main() -> None:
    """Runs the benchmark, then ends the processes that it started and drops what it created."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    uvloop.run(_run(seconds))


async def _run(seconds: float) -> None:
    async with own_topics(os.environ["AFTALE_KAFKA"]) as kafka:
        await asyncio.to_thread(_with_servers, kafka, seconds)


def _with_servers(kafka: Kafka, seconds: float) -> None:
    with ExitStack() as stack:
        dsn = stack.enter_context(own_database("http"))
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aftale-bench-")))
        asyncio.run(_register(dsn))
        token = LocalIssuer(state).token(Role.INSPECTOR, "anna")
        environment = {
            **login_urls(dsn),
            "AFTALE_STATE": str(state),
            "AFTALE_TOPIC_PREFIX": kafka.prefix,
            "DSN": dsn,
        }
        environment["AFTALE_TRACES"] = "0.01"  # as docs/operations/tracing.md advises for a service under load
        make = _ours(token)
        bare = stack.enter_context(_other("bare FastAPI", "benchmarks.peers.bare_fastapi", _bare, environment))
        by_hand = stack.enter_context(_other("by hand", "benchmarks.offers_by_hand", _ours(token), environment))
        print(f"{'connections':>11} {'':17} {'commands/s':>10} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7} {'CPU us':>7}")
        with _serving("offers", make, environment) as offers:
            uvloop.run(_measure([bare, by_hand, offers], seconds))
        with (
            _serving("in the background", make, environment),
            _serving("offers, answering", make, {**environment, "AFTALE_BACKGROUND": "off"}) as offers,
        ):
            uvloop.run(_measure([bare, offers], seconds))


@contextmanager
def _other(name: str, module: str, make: Request, environment: Mapping[str, str]) -> Iterator[Variant]:
    port = free_port()
    command = ["uvicorn", f"{module}:app", "--loop", "uvloop", "--http", "httptools"]
    command += ["--no-access-log", "--log-level", "warning", "--port", str(port)]
    with own_process(port, command, environment) as process:
        yield Variant(name, port, process, make)


@contextmanager
def _serving(name: str, make: Request, environment: Mapping[str, str]) -> Iterator[Variant]:
    port = free_port()
    environment = {**environment, "AFTALE_PORT_OFFERS": str(port)}
    with own_process(port, ["services.serve", "offers"], environment) as process:
        yield Variant(name, port, process, make)


if __name__ == "__main__":
    main()
