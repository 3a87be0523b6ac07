"""Sends a message once: what was in doubt goes out again only where it has legal effect (R29)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from services.notices.channels.outcome import Channel, Outcome
from services.notices.channels.send_journal import SendJournal, send_once
from services.notices.rules.message import Message
from shared.eventstore.errors import HoldBack
from shared.service import Runtime

FORGETS = "journal"
"""The loop that deletes old tries."""
_KEPT = timedelta(days=60)
"""Mail servers try for days, and a message is tried for three; later reports do not count."""
_MINUTE = 60.0


class Sender(Protocol):
    """Sends messages, and remembers what became of each try until it is recorded."""

    async def send(self, message: Message, try_number: int) -> Outcome:
        """Returns what became of a try; of one that was made before, what became of it then."""
        ...


@dataclass(frozen=True)
class OnceSender:
    """Sends through a channel, and notes each try in the journal before and after it."""

    channel: Channel
    journal: SendJournal

    async def send(self, message: Message, try_number: int) -> Outcome:
        """Implements Sender. May raise one of DATABASE_AWAY; then nothing was sent."""
        return await send_once(self.journal, self.channel, message, try_number)


async def keep_forgetting(runtime: Runtime) -> None:
    """Deletes tries of which no report can come any more, once a minute of real time. Never returns."""
    journal, heartbeat = SendJournal(runtime.database), runtime.loops.heartbeat(FORGETS)
    while True:
        await journal.forget(runtime.clock.now() - _KEPT)
        heartbeat.succeeded()
        await asyncio.sleep(_MINUTE)


class NoServer:
    """Stands for a mail server while none is set: nothing is sent, and nothing is lost."""

    async def send(self, message: Message, try_number: int) -> Outcome:
        """Implements Sender. Raises HoldBack: matters wait until a server is set, or until they are pointless."""
        raise HoldBack(f"AFTALE_MAIL_HOST is not set: try {try_number} of {message.message_id} waits")
