"""Takes mail to return addresses over SMTP, and hands over what reports that a message failed (R4)."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from typing_extensions import override

from services.notices.channels.mail_settings import port_in
from services.notices.channels.send_journal import SendJournal
from services.notices.rules.bounces import Bounce, is_report, read_bounce
from services.notices.rules.message import returned_message
from shared.eventstore.clock import Clock

_MOST_BYTES = 2 * 2**20
"""Reports bring headers or the whole message back; a larger one is refused, and says nothing."""
_MOST_CONNECTIONS = 20
_NOBODY = (None, "", "<>")
"""The empty sender, with which servers mark what nobody is to answer."""
_OK = "250 2.0.0 OK"
_NO_SUCH_ADDRESS = "550 5.1.1 No such address"
_ONE_AT_A_TIME = "452 4.5.3 One recipient at a time"
_ONLY_REPORTS = "550 5.7.1 This address takes delivery reports only, and nobody reads it"
_LATER = "451 4.3.0 Later"
_TOO_MANY = b"421 4.7.0 Too many connections\r\n"
_log = structlog.get_logger()
Tell = Callable[[UUID, Bounce], Awaitable[None]]
"""Records in a stream that a message was not delivered. It is asked again if it raises, or if the process ends before
the report is marked: so it has to be a command whose idempotency key follows from the message's id."""


@dataclass(frozen=True)
class ReportSettings:
    """Where reports about undelivered messages are received. There is no login and no TLS: bind it to a network of the
    mail servers of the return domain."""

    port: int
    host: str = "127.0.0.1"
    idle_seconds: float = 60.0
    whole_seconds: float = 300.0
    """How long a connection may last in all. These are times of the socket, never of the virtual clock."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ReportSettings | None":
        """Reads AFTALE_MAIL_REPORTS_PORT and _HOST; returns None if no port is set. Raises ValueError."""
        port = port_in(environment, "AFTALE_MAIL_REPORTS_PORT")
        host = environment.get("AFTALE_MAIL_REPORTS_HOST") or "127.0.0.1"
        return None if port is None else cls(port, host)


class BounceReceiver:
    """What is done with mail that comes; each answer is a line of SMTP."""

    def __init__(self, domain: str, keys: Sequence[bytes], journal: SendJournal, tell: Tell, clock: Clock) -> None:
        self._domain, self._keys, self._journal, self._tell, self._clock = domain, keys, journal, tell, clock
        self._one_at_a_time = asyncio.Lock()

    @property
    def domain(self) -> str:
        return self._domain

    async def take(self, raw: bytes, recipient: str) -> bool:
        """R4: hands a report over, the first about its message only; returns whether it is a report at all."""
        if not is_report(raw):
            return False
        bounce = read_bounce(raw, recipient, self._domain, self._keys)
        if bounce is not None:
            async with self._one_at_a_time:
                await self._hand_over(bounce)
        return True

    async def _hand_over(self, bounce: Bounce) -> None:
        stream = await self._journal.told_by(bounce.message_id)
        if stream is not None:
            await self._tell(stream, bounce)
            await self._journal.returned(bounce.message_id, self._clock.now())
            _log.info("message_returned", message=bounce.message_id, status=bounce.status)

    async def take_recipient(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes one valid return address."""
        if envelope.rcpt_tos:
            return _ONE_AT_A_TIME
        if returned_message(address, self._domain, self._keys) is None:
            return _NO_SUCH_ADDRESS
        envelope.rcpt_tos.append(address)
        return _OK

    async def take_mail(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answers once a report has its effect. Who wrote something else gets it back; an automaton nothing."""
        try:
            is_taken = await self.take(envelope.original_content or b"", envelope.rcpt_tos[0])
        except OSError as error:  # of the database: the library would take it for a lost connection of the sender's
            return await self.say_later(error)
        if is_taken or envelope.mail_from in _NOBODY:
            return _OK
        return _ONLY_REPORTS

    async def say_later(self, error: Exception) -> str:
        """Asks the sender to come again. The error may quote the mail, so only its kind is logged."""
        _log.warning("report_not_taken", error=type(error).__name__)
        return _LATER


class _Bounded(SMTP):
    """A connection that ends after a while, whatever the other side does."""

    def __init__(self, receiver: BounceReceiver, settings: ReportSettings, opened: set["_Bounded"]) -> None:
        hooks = SimpleNamespace(
            handle_RCPT=receiver.take_recipient,
            handle_DATA=receiver.take_mail,
            handle_exception=receiver.say_later,
        )
        super().__init__(
            hooks,
            data_size_limit=_MOST_BYTES,
            enable_SMTPUTF8=True,
            hostname=receiver.domain,
            ident="Aftale",
            timeout=settings.idle_seconds,
            loop=asyncio.get_running_loop(),
        )
        self._opened, self._whole_seconds = opened, settings.whole_seconds

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = cast("asyncio.Transport", transport)
        if len(self._opened) >= _MOST_CONNECTIONS:
            connection.write(_TOO_MANY)
            connection.close()
            return
        self._opened.add(self)
        self._end = asyncio.get_running_loop().call_later(self._whole_seconds, connection.abort)
        super().connection_made(transport)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        if self in self._opened:
            self._opened.discard(self)
            self._end.cancel()
            super().connection_lost(error)


@asynccontextmanager
async def receive_reports(settings: ReportSettings, receiver: BounceReceiver) -> AsyncIterator[int]:
    """Receives while the block runs; yields the port."""
    # The library logs commands with addresses, and tracebacks with their text.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
    opened: set[_Bounded] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Bounded(receiver, settings, opened), settings.host, settings.port
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in list(opened):
            if one.transport is not None:
                cast("asyncio.Transport", one.transport).abort()
        await server.wait_closed()
