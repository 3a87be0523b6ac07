"""A cable between a test and its PostgreSQL that can be pulled out and put back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Cable:
    """Forwards connections to a server while it is plugged in."""

    def __init__(self, dsn: str) -> None:
        self._server = urlsplit(dsn)
        self._listener: asyncio.Server | None = None
        self._port = 0
        self._ends: set[asyncio.StreamWriter] = set()

    @property
    def dsn(self) -> str:
        """The URL of the server at the far end."""
        user, at, _ = self._server.netloc.rpartition("@")
        return urlunsplit(self._server._replace(netloc=f"{user}{at}127.0.0.1:{self._port}"))

    async def plug_in(self) -> None:
        """Let connections through from now on."""
        self._listener = await asyncio.start_server(self._forward, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    def pull_out(self) -> None:
        """Cut every connection, and let no new one through."""
        assert self._listener is not None
        self._listener.close()
        for end in self._ends:
            end.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._server.hostname, self._server.port)
        self._ends |= {writer, far_writer}
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._ends -= {writer, far_writer}


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # either end may be cut at any time: that is what it is for
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


@asynccontextmanager
async def plugged_in(dsn: str) -> AsyncIterator[Cable]:
    """A cable to the server of a URL."""
    cable = Cable(dsn)
    await cable.plug_in()
    try:
        yield cable
    finally:
        cable.pull_out()
