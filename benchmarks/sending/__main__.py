"""Measures how fast people are told (R29): ./aftale bench sending [MATTERS].

First, messages a second to one mail server, that of `./aftale up`, which writes a maildir: by bare aiosmtplib with
finished e-mails over connections that stay open, by the channel, which writes each message and checks its address, and
by the channel with its journal; in turns. Then a morning on which as many matters fall due at once as are named (10,000
unless told otherwise), each of a case of its own: notices, with its timers and its database, asks the owners over HTTP,
and sends to the same server. The owners are a small process that gives their answers without looking anything up.
Prints rates, lateness in real time, and processor time. Exits with 1 if a message is missing. Uses the servers of
`./aftale up`.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks.own_database import own_database
from benchmarks.own_process import own_process
from benchmarks.sending.morning import Morning, play_morning
from benchmarks.sending.rates import Rate, measure
from deploy.local import mail
from deploy.local.ports import free_port
from services.notices.service import SERVICE
from shared.eventstore.database import open_database
from shared.garbage_collector import collect_rarely
from tests.own_topics import own_topics

_SECONDS = 3.0
"""Of a turn of each way to send."""


def rates(dsn: str) -> list[Rate]:
    """Measures the ways to send a message."""

    async def run(port: int) -> list[Rate]:
        async with open_database(dsn, SERVICE.name) as database:
            return await measure(database, port, _SECONDS)

    port = free_port()
    with tempfile.TemporaryDirectory(prefix="aftale-bench-") as state:
        server = mail.command(Path(state) / mail.NAME, port)[2:]
        with own_process(port, server, {}):
            return uvloop.run(run(port))


async def morning(dsn: str, matters: int) -> Morning:
    """Measures the morning."""
    async with own_topics(os.environ["AFTALE_KAFKA"]) as kafka:
        with tempfile.TemporaryDirectory(prefix="aftale-bench-") as state:
            return await play_morning(dsn, kafka, Path(state), matters)


def main(matters: int) -> int:
    """Measures, prints, and returns the exit code. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    collect_rarely()
    with own_database("sending") as dsn:
        ways = rates(dsn)
        print("\n".join(map(str, ways)), flush=True)
        shown = asyncio.run(morning(dsn, matters))
    print(shown)
    print(f"of bare aiosmtplib: {shown.mails / shown.seconds / ways[0].a_second:.2f}")
    return int(shown.mails != matters)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
