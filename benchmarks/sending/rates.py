"""Measures how many messages a second go out: by bare aiosmtplib, by the channel, and with its journal."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count, cycle, islice
from statistics import median
from uuid import uuid4

from aiosmtplib import SMTP

from deploy.local.ports import HOST
from deploy.local.settings import local_mail
from services.notices.channels.email import EmailChannel
from services.notices.channels.mail_format import written
from services.notices.channels.mail_settings import MailSettings
from services.notices.channels.outcome import Sent
from services.notices.channels.send_journal import SendJournal, send_once
from services.notices.lookups.text_files import load_texts
from services.notices.rules.message import Message, message_id
from services.notices.rules.text_examples import preview
from shared.contracts.notices import Occasion, Recipient
from shared.eventstore.database import Database
from shared.policy.policies import load_policies

CONNECTIONS = 4
"""To the server, in all three ways."""
CALLERS = 64
"""Who send side by side through the channel."""
TURNS = 5
FINISHED = 100
"""E-mails that are written before a turn of bare aiosmtplib, for each connection."""
_AT = datetime(2027, 3, 8, 7, tzinfo=UTC)
_KEY = b"k" * 32


@dataclass(frozen=True)
class Rate:
    """What one way of sending achieved in all turns."""

    what: str
    a_second: float
    """Median of the turns."""
    processor_ms: float
    """Processor time of this process for one message."""
    of_bare: float
    """Median of the ratios to bare aiosmtplib in the same turn."""

    def __str__(self) -> str:
        return f"{self.what:34} {self.a_second:>7,.0f} per s {self.of_bare:>6.2f} {self.processor_ms:>6.2f} ms"


@dataclass(frozen=True)
class Turn:
    """What was sent in one turn: messages, seconds, and seconds of the processor of this process."""

    messages: int
    seconds: float
    processor: float

    @property
    def a_second(self) -> float:
        return self.messages / self.seconds


def settings_for(port: int) -> MailSettings:
    """Returns the settings for the local server on a port."""
    settings = MailSettings.from_environment({**local_mail(port), "AFTALE_MODE": "local"})
    assert settings is not None
    return settings


def messages() -> Iterator[Message]:
    """Yields messages of the usual length without end, each about a matter of its own."""
    policy = load_policies().at(_AT)
    text = preview(load_texts(), Occasion.OFFER_NOT_OPENED, Recipient.LEGALLY_RESPONSIBLE, "da", "suspicion", policy)
    one = Message("", uuid4(), "", _AT, text.subject, text.plain, text.html, has_legal_effect=True)
    for number in count():
        name = message_id(_KEY, uuid4(), 0)
        yield replace(one, message_id=name, told_by=uuid4(), to=f"somebody-{number}@company.example")


async def measure(database: Database, port: int, seconds: float) -> list[Rate]:
    """Sends in each way for some seconds, in turns."""
    settings, journal, sent = settings_for(port), SendJournal(database), messages()
    async with EmailChannel(settings, _KEY, connections=CONNECTIONS) as channel:

        async def by_channel() -> None:
            assert await channel.send(next(sent)) == Sent()

        async def with_journal() -> None:
            assert await send_once(journal, channel, next(sent), 0) == Sent()

        bare, alone, journaled = list[Turn](), list[Turn](), list[Turn]()
        for _ in range(TURNS):
            async with _connected(port) as clients:
                bare.append(await _turn([_by_itself(client, settings, sent) for client in clients], seconds))
            alone.append(await _turn([by_channel] * CALLERS, seconds))
            journaled.append(await _turn([with_journal] * CALLERS, seconds))
    of_each = {"bare aiosmtplib": bare, "channel": alone, "channel with journal": journaled}
    return [rate(what, turns, bare) for what, turns in of_each.items()]


def _by_itself(client: SMTP, settings: MailSettings, sent: Iterator[Message]) -> Callable[[], Awaitable[None]]:
    """Returns what sends finished e-mails over one connection."""
    sender = settings.sender
    finished = [(one.to, written(one, to=one.to, sender=sender, reply_to=sender)) for one in islice(sent, FINISHED)]
    mails = cycle(finished)

    async def send() -> None:
        to, mail = next(mails)
        await client.sendmail("svar@tilsyn.example", [to], mail)

    return send


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[list[SMTP]]:
    clients = [SMTP(hostname=HOST, port=port, start_tls=False) for _ in range(CONNECTIONS)]
    for client in clients:
        await client.connect()
    try:
        yield clients
    finally:
        for client in clients:
            await client.quit()


async def _turn(callers: Sequence[Callable[[], Awaitable[None]]], seconds: float) -> Turn:
    """Lets callers send one message after another, side by side, for some seconds."""
    begun, used, done = time.perf_counter(), time.process_time(), 0

    async def keep_sending(send: Callable[[], Awaitable[None]]) -> None:
        nonlocal done
        while time.perf_counter() - begun < seconds:
            await send()
            done += 1

    async with asyncio.TaskGroup() as group:
        for send in callers:
            group.create_task(keep_sending(send))
    return Turn(done, time.perf_counter() - begun, time.process_time() - used)


def rate(what: str, turns: Sequence[Turn], bare: Sequence[Turn]) -> Rate:
    """Returns what one way achieved, beside what bare aiosmtplib did in the same turns."""
    return Rate(
        what,
        median(one.a_second for one in turns),
        sum(one.processor for one in turns) * 1000 / sum(one.messages for one in turns),
        median(one.a_second / limit.a_second for one, limit in zip(turns, bare, strict=True)),
    )
