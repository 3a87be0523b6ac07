"""Records that a message came back, where it stands that somebody was told: in the case, or in the digests (R4)."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import structlog

from services.notices.channels.bounces import BounceReceiver, ReportSettings, receive_reports
from services.notices.channels.mail_settings import MailSettings, return_keys
from services.notices.channels.send_journal import SendJournal
from services.notices.rules.bounces import Bounce
from services.notices.rules.case_decider import NOTICES, NoteReturn
from services.notices.rules.phases import Followed
from services.notices.rules.reader import READER, NoteReturnedDigest, Reader
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.errors import HoldBack
from shared.eventstore.events import Metadata
from shared.service import Runtime

RECEIVES = "reports"
"""The loop that receives reports about undelivered messages."""
_BEAT_SECONDS = 30.0
_log = structlog.get_logger()


class Returns:
    """What is done with a report."""

    def __init__(self, runtime: Runtime) -> None:
        self._store, self._clock, self._policies = runtime.store, runtime.clock, runtime.policies
        self._name = runtime.name

    async def note(self, stream: UUID, bounce: Bounce) -> None:
        """R4: records once that a message was not delivered.

        Raises HoldBack while it is not recorded as sent: a report can come faster, and its server comes again.
        """
        intent = await self._intent(stream, bounce)
        metadata = Metadata(command_id=uuid4(), actor=self._name)
        await execute(self._store, [intent], at=self._clock.now(), metadata=metadata)

    async def _intent(self, stream: UUID, bounce: Bounce) -> Intent[Any, Any]:
        at = self._clock.now()
        case = (await read(self._store, NOTICES, stream)).state
        if isinstance(case, Followed) and bounce.message_id in case.sent:
            return Intent(NOTICES, stream, NoteReturn(at, self._policies.at(at), bounce.message_id, bounce.status))
        reader = (await read(self._store, READER, stream)).state
        if isinstance(reader, Reader) and bounce.message_id in reader.sent:
            return Intent(READER, stream, NoteReturnedDigest(at, bounce.message_id, bounce.status))
        raise HoldBack(f"{bounce.message_id} is not recorded as sent")


def receiving(
    runtime: Runtime, settings: MailSettings, environment: Mapping[str, str] = os.environ
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Returns the loop that receives reports, if a port is set for it. Raises ValueError for a wrong port."""
    reports = ReportSettings.from_environment(environment)
    return {} if reports is None else {RECEIVES: partial(_keep_receiving, runtime, settings.return_domain, reports)}


async def _keep_receiving(runtime: Runtime, domain: str, reports: ReportSettings) -> None:
    heartbeat, keys = runtime.loops.heartbeat(RECEIVES), return_keys(runtime.settings.state)
    journal = SendJournal(runtime.database)
    receiver = BounceReceiver(domain, keys, journal, Returns(runtime).note, runtime.clock)
    async with receive_reports(reports, receiver) as port:
        _log.info("reports_are_received", port=port)
        while True:
            heartbeat.succeeded()
            await asyncio.sleep(_BEAT_SECONDS)
