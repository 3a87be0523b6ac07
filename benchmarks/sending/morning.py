"""Measures a morning on which many matters fall due: from their instant until all messages are in the mailbox."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from uuid import UUID, uuid4

import psutil

from benchmarks.own_process import own_process
from benchmarks.sending.owners import CVR, DELIVERED_AT, P_NUMBER, TOPIC
from deploy.local import mail
from deploy.local.logins import login_urls
from deploy.local.ports import HOST, free_port
from deploy.local.settings import local_mail
from services.notices.rules.case_decider import NOTICES, TELL
from services.notices.rules.moments import days_after
from services.notices.service import SERVICE
from shared.contracts.notices import AgreementFollowed, MatterOwner, MatterRaised, Occasion, Recipient
from shared.contracts.vocabulary import AgreementKind
from shared.deadlines.copenhagen import local_day
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging.bus import Kafka
from shared.policy.policies import load_policies

DUE_AT = days_after(local_day(DELIVERED_AT), 7, load_policies().at(DELIVERED_AT))
_DAY_BEFORE = timedelta(days=1)
_AT_ONCE = 256
_LOOK_SECONDS = 0.25
_REST_SECONDS = 10
_PATIENCE_SECONDS = 1_800


@dataclass(frozen=True)
class Morning:
    """What a morning shows."""

    matters: int
    mails: int
    """In the mailbox at the end."""
    seconds: float
    """Until the last was there."""
    late: Sequence[float]
    """Seconds of real time from the instant until each was in the mailbox."""
    processor_ms: Mapping[str, float]
    """Processor time for one matter, by process, without what the process uses at rest."""
    megabytes: float
    """Largest memory of notices."""

    def __str__(self) -> str:
        cuts = quantiles(self.late, n=100)
        used = ", ".join(f"{name} {spent:.1f}" for name, spent in self.processor_ms.items())
        return (
            f"{self.matters:,} matters due at once: {self.mails:,} in the mailbox after {self.seconds:.1f} s, "
            f"{self.mails / self.seconds:,.0f} per s\n"
            f"late: p50 {cuts[49]:.1f} s, p99 {cuts[98]:.1f} s, most {max(self.late):.1f} s\n"
            f"processor ms for each: {used}; notices {self.megabytes:,.0f} MB"
        )


async def raise_matters(dsn: str, number: int) -> None:
    """Records cases with one matter each, which falls due at DUE_AT, and their timers."""
    free = asyncio.Semaphore(_AT_ONCE)
    async with (
        open_database(dsn, SERVICE.name) as database,
        EventStore(database, EventTypes(SERVICE.facts)) as store,
        asyncio.TaskGroup() as group,
    ):

        async def one() -> None:
            async with free:
                await store.append(of_case(uuid4()))

        for _ in range(number):
            group.create_task(one())


def of_case(case: UUID) -> Change:
    """Returns what records a case with its matter, and arms its timer."""
    followed = AgreementFollowed(
        agreement_id=case,
        cvr=CVR,
        p_number=P_NUMBER,
        topic=TOPIC,
        kind=AgreementKind.SUSPICION,
        inspector=f"inspector-{case.int % 60}",
        followed_at=DELIVERED_AT,
    )
    raised = MatterRaised(
        agreement_id=case,
        matter_id=uuid4(),
        occasion=Occasion.OFFER_NOT_OPENED,
        recipient=Recipient.LEGALLY_RESPONSIBLE,
        owner=MatterOwner.OFFERS,
        about="",
        due_at=DUE_AT,
        latest_at=DUE_AT + timedelta(days=14),
        code=AgreementKind.SUSPICION.value,
        raised_at=DELIVERED_AT,
    )
    write = Write(case, 0, (Occurred(followed, DELIVERED_AT), Occurred(raised, DELIVERED_AT)))
    timer = (case, f"{NOTICES.name}:{TELL}", DUE_AT)
    return Change(Metadata(command_id=uuid4(), actor=SERVICE.name), (write,), arm=(timer,))


@contextmanager
def _processes(dsn: str, kafka: Kafka, state: Path) -> Iterator[dict[str, psutil.Popen]]:
    """Runs the mail server, the owners and notices; yields them by name."""
    mail_port, owners_port, port = free_port(), free_port(), free_port()
    owners = f"http://{HOST}:{owners_port}"
    environment = {
        **login_urls(dsn),
        **local_mail(mail_port),
        "AFTALE_MODE": "local",
        "AFTALE_STATE": str(state),
        "AFTALE_TOPIC_PREFIX": kafka.prefix,
        "AFTALE_CLOCK": "virtual",
        "AFTALE_TRACES": "0.01",
        "AFTALE_PORT_NOTICES": str(port),
        **{f"AFTALE_ADDRESS_{name}": owners for name in ("OFFERS", "GUIDANCE", "CONTROL")},
    }
    server = mail.command(state / mail.NAME, mail_port)[2:]
    with ExitStack() as stack:
        yield {
            "mail server": stack.enter_context(own_process(mail_port, server, {})),
            "owners": stack.enter_context(
                own_process(owners_port, ["benchmarks.sending.owners", str(owners_port)], {})
            ),
            "notices": stack.enter_context(own_process(port, ["services.serve", SERVICE.name], environment)),
        }


async def play_morning(dsn: str, kafka: Kafka, state: Path, matters: int) -> Morning:
    """Raises the matters, starts everything the day before, and moves the clock to their instant."""
    clock = VirtualClock(state / "clock", start=DUE_AT - _DAY_BEFORE)
    await raise_matters(dsn, matters)
    with _processes(dsn, kafka, state) as processes:
        await asyncio.sleep(_REST_SECONDS)  # release steps, consumers and relay come to rest
        resting = _used(processes)
        await asyncio.sleep(_REST_SECONDS)
        before = _used(processes)
        begun, begun_at = time.perf_counter(), time.time()
        clock.move_to(DUE_AT)
        largest = await _until_all_are_there(state / mail.NAME / "new", matters, processes["notices"])
        seconds = time.perf_counter() - begun
        used = _used(processes)
    late = [entry.stat().st_mtime - begun_at for entry in os.scandir(state / mail.NAME / "new")]
    rests = seconds / _REST_SECONDS
    spent = {name: used[name] - before[name] - (before[name] - resting[name]) * rests for name in used}
    each = {name: of_it * 1000 / matters for name, of_it in spent.items()}
    return Morning(matters, len(late), seconds, late, each, largest / 1e6)


async def _until_all_are_there(folder: Path, matters: int, notices: psutil.Popen) -> int:
    """Waits for so many messages, and returns the largest memory of notices, in bytes."""
    largest, begun = 0, time.monotonic()
    while len(os.listdir(folder)) < matters and time.monotonic() - begun < _PATIENCE_SECONDS:
        largest = max(largest, notices.memory_info().rss)
        await asyncio.sleep(_LOOK_SECONDS)
    return largest


def _used(processes: Mapping[str, psutil.Popen]) -> dict[str, float]:
    """Returns the processor seconds that each process has used until now."""
    times = {name: one.cpu_times() for name, one in processes.items()}
    return {name: float(spent.user + spent.system) for name, spent in times.items()}
