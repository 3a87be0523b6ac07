"""Measures what a body of 200 MB without a token costs a service, and how long other requests wait.

python -m benchmarks.hostile_bodies [MEGABYTES]
"""

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import uvicorn

from services.offers.service import app
from shared.http.connection_limits import limited_protocol
from shared.messaging.bus import Kafka
from shared.policy.policy import Input
from shared.service import Settings

_PIECE = b'{"a":' * 13_107
_CHUNK = f"{len(_PIECE):x}\r\n".encode() + _PIECE + b"\r\n"


def _serve(state: str, admission: bool, told: Connection) -> None:
    """Serves offers without database and Kafka: requests without a token reach neither."""
    application = app(Settings(postgres="", kafka=Kafka(""), state=Path(state), virtual_clock=False))
    if not admission:
        application.user_middleware.clear()
    protocol = limited_protocol(Input()) if admission else "httptools"
    config = uvicorn.Config(application, port=0, http=protocol, loop="uvloop", log_level="critical", lifespan="off")
    server = uvicorn.Server(config)

    async def run() -> None:
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        told.send(server.servers[0].sockets[0].getsockname()[1])
        await serving

    asyncio.run(run())


async def _attack(port: int, megabytes: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(ConnectionError):
        writer.write(b"POST /v1/offers HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(megabytes * 2**20 // len(_PIECE)):
            writer.write(_CHUNK)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    status = await reader.readuntil(b"\r\n")
    writer.close()
    return status.decode().strip()


async def _longest_wait(port: int, over: Callable[[], bool]) -> float:
    """Returns the longest time in seconds that a small request took, sending them one after the other meanwhile."""
    longest = 0.0
    while not over():
        begun = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/offers/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()
        longest = max(longest, time.perf_counter() - begun)
        await asyncio.sleep(0.01)
    return longest


async def _largest(process: psutil.Process, over: Callable[[], bool]) -> int:
    largest = 0
    while not over():
        largest = max(largest, process.memory_info().rss)
        await asyncio.sleep(0.01)
    return largest


async def _measure(name: str, admission: bool, megabytes: int) -> None:
    with TemporaryDirectory() as state:
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(state, admission, theirs))
        server.start()
        try:
            port = await asyncio.to_thread(ours.recv)
            process = psutil.Process(server.pid)
            before, begun = process.memory_info().rss, time.perf_counter()
            attack = asyncio.create_task(_attack(port, megabytes))
            status, wait, largest = await asyncio.gather(
                attack, _longest_wait(port, attack.done), _largest(process, attack.done)
            )
            seconds, grown = time.perf_counter() - begun, (largest - before) / 2**20
            print(f"{name}: {status}, {grown:.0f} MB more, others waited {wait:.2f} s at most, {seconds:.1f} s in all")
        finally:
            server.terminate()
            server.join()


def main() -> None:
    """Measures a service without the admission checks, and one with them."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    asyncio.run(_measure("before", False, megabytes))
    asyncio.run(_measure("after", True, megabytes))


if __name__ == "__main__":
    main()
