"""Sends one message, and stops where a test says, which then kills it: python -m … DSN PORT FOLDER LEGAL STEP."""

import asyncio
import sys
from pathlib import Path

from services.notices.channels.email import EmailChannel
from services.notices.channels.outcome import Outcome
from services.notices.channels.send_journal import SendJournal, send_once
from services.notices.rules.message import Message
from shared.eventstore.database import open_database
from tests.integration.notices.channels.conftest import SCHEMA
from tests.integration.notices.channels.mail_servers import MailServer, settings_of
from tests.integration.notices.channels.test_email import KEY
from tests.integration.notices.channels.test_send_journal import told


class _Stops:
    """A channel that stops before or after it sends."""

    def __init__(self, channel: EmailChannel, step: str) -> None:
        self._channel, self._step = channel, step

    async def send(self, message: Message) -> Outcome:
        """Sends, and stops at its step."""
        await stop(self._step == "before the socket")
        outcome = await self._channel.send(message)
        await stop(self._step == "after the answer")
        return outcome


async def stop(here: bool) -> None:
    """Says that the step is reached and waits for the end."""
    if here:
        print("reached", flush=True)
        await asyncio.sleep(3600)


async def main(dsn: str, port: str, folder: str, legal: str, step: str) -> None:
    """Sends one message; ends only if no step is named."""
    settings = settings_of(MailServer(port=int(port)), Path(folder), answer_seconds=60.0)
    async with open_database(dsn, SCHEMA) as database, EmailChannel(settings, KEY) as channel:
        await send_once(SendJournal(database), _Stops(channel, step), told(has_legal_effect=legal == "legal"), 0)
        await stop(step == "after the outcome is kept")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
