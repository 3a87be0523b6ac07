"""The Python library eventsourcing on PostgreSQL: how fast it appends and reads, and whether its feed loses events.

Runs in an environment of its own, see installation.py: eventsourcing_peer.py append|lossless SECONDS. Reads DSN. With
POSTGRES_ENABLE_DB_FUNCTIONS=y it inserts by a function that takes no table lock: its fast mode.
"""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlparse

CALLERS = 32
_url = urlparse(os.environ["DSN"])
os.environ.update(
    PERSISTENCE_MODULE="eventsourcing.postgres",
    POSTGRES_DBNAME=_url.path.lstrip("/"),
    POSTGRES_HOST=_url.hostname or "",
    POSTGRES_PORT=str(_url.port),
    POSTGRES_USER=_url.username or "",
    POSTGRES_PASSWORD=_url.password or "",
    POSTGRES_POOL_SIZE="40",
)
import psycopg  # noqa: E402
from eventsourcing.application import Application  # noqa: E402
from eventsourcing.domain import Aggregate, event  # noqa: E402

FAST = os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS") == "y"
PEER = "eventsourcing, fast mode" if FAST else "eventsourcing"
SLOW_COMMITS = """
create or replace function slow_commit() returns trigger language plpgsql as
$$ begin if random() < 0.02 then perform pg_sleep(0.03); end if; return null; end $$;
create constraint trigger slow_commit after insert on {} deferrable initially deferred
for each row execute function slow_commit();
"""
"""One commit in fifty takes 30 ms longer, as on a busy disk or network."""


class Offer(Aggregate):
    """An aggregate with one small event, and more of them."""

    @event("Sent")
    def __init__(self, cvr: str, p_number: str, topic: str, channel: str) -> None:
        self.cvr, self.p_number, self.topic, self.channel = cvr, p_number, topic, channel

    @event("Stepped")
    def step(self, number: int) -> None:
        self.number = number


def append(seconds: float) -> None:
    """One event to a new stream per call."""
    application: Application = Application()
    for callers in (1, CALLERS):
        saved = [0] * callers
        until = time.perf_counter() + seconds

        def save(caller: int, saved: list[int] = saved, until: float = until) -> None:
            while time.perf_counter() < until:
                application.save(Offer("13748136", "1234567890", "056", "phone"))
                saved[caller] += 1

        with ThreadPoolExecutor(callers) as pool:
            list(pool.map(save, range(callers)))
        _tell(what="append", callers=callers, events_per_s=round(sum(saved) / seconds))
    begun, read, position = time.perf_counter(), 0, 1
    while section := list(application.notification_log.select(start=position, limit=10)):
        read, position = read + len(section), section[-1].id + 1
    _tell(what="read the log", callers=1, events_per_s=round(read / (time.perf_counter() - begun)))


def lossless(seconds: float) -> None:
    """Writers whose commits are sometimes slow, and a reader that follows the feed by position as its documents say."""
    application: Application = Application()
    recorder = application.recorder
    table = f"{recorder.datastore.schema}.{recorder.events_table_name}"
    with psycopg.connect(os.environ["DSN"], autocommit=True) as connection:
        connection.execute(SLOW_COMMITS.format(table))
    until = time.perf_counter() + seconds
    acknowledged = [0] * CALLERS
    start = recorder.max_notification_id() or 0
    written = threading.Event()
    seen: set[int] = set()
    newest: dict[object, int] = {}
    reordered = 0

    def write(caller: int) -> None:
        while time.perf_counter() < until:
            offer = Offer("13748136", "1234567890", "056", "phone")
            application.save(offer)
            for number in range(3):
                offer.step(number)
                application.save(offer)
            acknowledged[caller] += 4

    def read() -> None:
        nonlocal reordered
        position, quiet_since = start, None
        while quiet_since is None or time.perf_counter() < quiet_since + 2:
            batch = list(recorder.select_notifications(start=position + 1, limit=500))
            for one in batch:
                seen.add(one.id)
                before = newest.get(one.originator_id, 0)
                reordered += one.originator_version > before + 1
                newest[one.originator_id] = max(before, one.originator_version)
                position = one.id
            if batch or not written.is_set():
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.perf_counter()

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(write, range(CALLERS)))
    written.set()
    reader.join()
    with psycopg.connect(os.environ["DSN"]) as connection:
        row = connection.execute(f"select count(*) from {table} where notification_id > %s", [start]).fetchone()
    in_log = row[0] if row else 0
    _tell(
        what="lossless",
        acknowledged=sum(acknowledged),
        in_log=in_log,
        missed=in_log - len(seen),
        reordered=reordered,
        seconds=seconds,
    )


def _tell(**figures: object) -> None:
    print(json.dumps({"peer": PEER, **figures}), flush=True)


if __name__ == "__main__":
    {"append": append, "lossless": lossless}[sys.argv[1]](float(sys.argv[2]))
