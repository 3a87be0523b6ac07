"""Measures the Python library eventsourcing on PostgreSQL: appends, projections, and whether its feed loses events.

Runs in an environment of its own, see installation.py: eventsourcing_peer.py append|project|lossless SECONDS. Reads
DSN. With POSTGRES_ENABLE_DB_FUNCTIONS=y it inserts by a function that takes no table lock (its fast mode).
"""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlparse

from following import EVENTS_OF_A_STREAM, findings

CALLERS = 32
OFFERS = 5_000
SAVED_AT_ONCE = 250
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
from eventsourcing.dispatch import singledispatchmethod  # noqa: E402
from eventsourcing.domain import Aggregate, event  # noqa: E402
from eventsourcing.persistence import Tracking  # noqa: E402
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder  # noqa: E402
from eventsourcing.projection import Projection, ProjectionRunner  # noqa: E402
from psycopg.sql import SQL  # noqa: E402

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
    """An aggregate whose events are small."""

    @event("Sent")
    def __init__(self, cvr: str, p_number: str, topic: str, channel: str) -> None:
        self.cvr, self.p_number, self.topic, self.channel = cvr, p_number, topic, channel

    @event("Stepped")
    def step(self, number: int) -> None:
        self.number = number


def append(seconds: float) -> None:
    """Appends one event to a new stream per call, and prints the rate."""
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


class OfferRows(PostgresTrackingRecorder):
    """A view with one row per offer, in the tables of the library's own tracking."""

    def __init__(self, datastore: PostgresDatastore, **names: str) -> None:
        super().__init__(datastore, **names)
        columns = "id uuid primary key, cvr text, p_number text, topic text, channel text, number int"
        self.sql_create_statements.append(SQL(f"create table if not exists offer_rows ({columns})").format())

    def add(self, sent: Offer.Sent, tracking: Tracking) -> None:
        """Inserts the row and the position of the reader in one transaction."""
        self._execute(
            "insert into offer_rows values (%s, %s, %s, %s, %s)",
            (sent.originator_id, sent.cvr, sent.p_number, sent.topic, sent.channel),
            tracking,
        )

    def step(self, stepped: Offer.Stepped, tracking: Tracking) -> None:
        """Updates the row and the position of the reader in one transaction."""
        self._execute(
            "update offer_rows set number = %s where id = %s", (stepped.number, stepped.originator_id), tracking
        )

    def _execute(self, statement: str, values: tuple[object, ...], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(statement, values, prepare=True)
            self._insert_tracking(cursor, tracking)


class OfferProjection(Projection[OfferRows]):
    """Folds the events into the rows."""

    @singledispatchmethod
    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        raise NotImplementedError(type(domain_event))

    @process_event.register
    def _(self, domain_event: Offer.Sent, tracking: Tracking) -> None:
        self.view.add(domain_event, tracking)

    @process_event.register
    def _(self, domain_event: Offer.Stepped, tracking: Tracking) -> None:
        self.view.step(domain_event, tracking)


def project(seconds: float) -> None:
    """Reads a log, and folds it into one row per offer with the library's ProjectionRunner."""
    application: Application = Application()
    for _ in range(OFFERS // SAVED_AT_ONCE):
        offers = [Offer("13748136", "1234567890", "056", "phone") for _ in range(SAVED_AT_ONCE)]
        for number in range(3):
            for offer in offers:
                offer.step(number)
        application.save(*offers)
    begun, read, position = time.perf_counter(), 0, 1
    while section := list(application.notification_log.select(start=position, limit=10)):
        read, position = read + len(section), section[-1].id + 1
    _tell(what="read the log", events_per_s=round(read / (time.perf_counter() - begun)))
    begun = time.perf_counter()
    with ProjectionRunner(
        application_class=Application, projection_class=OfferProjection, view_class=OfferRows
    ) as runner:
        with suppress(TimeoutError):
            runner.wait(application.recorder.max_notification_id(), timeout=seconds)
        took, projected = time.perf_counter() - begun, runner.view.max_tracking_id(application.name) or 0
    _tell(what="project", events_per_s=round(projected / took))


def lossless(seconds: float) -> None:
    """Runs writers whose commits are sometimes slow, and a reader that follows the feed by position as documented."""
    application: Application = Application()
    recorder = application.recorder
    table = f"{recorder.datastore.schema}.{recorder.events_table_name}"
    with psycopg.connect(os.environ["DSN"], autocommit=True) as connection:
        connection.execute(SLOW_COMMITS.format(table))
    until = time.perf_counter() + seconds
    acknowledged: list[tuple[object, int]] = []
    written = threading.Event()
    given: list[tuple[int, object, int]] = []

    def write(_: int) -> None:
        while time.perf_counter() < until:
            offer = Offer("13748136", "1234567890", "056", "phone")
            application.save(offer)
            acknowledged.append((offer.id, 1))
            for number in range(2, EVENTS_OF_A_STREAM + 1):
                offer.step(number)
                application.save(offer)
                acknowledged.append((offer.id, number))

    def read() -> None:
        position, quiet_since = 0, None
        while quiet_since is None or time.perf_counter() < quiet_since + 2:
            batch = list(recorder.select_notifications(start=position + 1, limit=500))
            given.extend((one.id, one.originator_id, one.originator_version) for one in batch)
            position = batch[-1].id if batch else position
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
        log = connection.execute(f"select notification_id, originator_id, originator_version from {table}").fetchall()
    _tell(what="lossless", findings=findings(acknowledged, log, given))


def _tell(**figures: object) -> None:
    print(json.dumps({"peer": PEER, **figures}), flush=True)


if __name__ == "__main__":
    {"append": append, "project": project, "lossless": lossless}[sys.argv[1]](float(sys.argv[2]))
