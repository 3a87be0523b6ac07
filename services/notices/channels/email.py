"""Sends messages by e-mail: SMTP over TLS, with a few connections that are kept open (R29)."""

import asyncio
import re
import ssl
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError
from email_validator import EmailNotValidError, validate_email

from services.notices.channels.mail_format import written
from services.notices.channels.mail_settings import MailSettings, as_header
from services.notices.channels.outcome import Failed, InDoubt, Outcome, Sent, status_in
from services.notices.rules.message import Message, return_address
from shared.contracts.notices import TryFailure

_CONNECTIONS = 4
_IDLE_SECONDS = 30.0
"""Servers close connections that say nothing, many after a minute; a fresh one costs less than a failed try."""
_CLOSING, _SEND_NOW = 421, 354
_BAD_ADDRESS, _NEEDS_SMTPUTF8 = "5.1.3", "5.6.7"
"""Codes of RFC 3463 and RFC 6531 for what is found here, before or instead of a server."""
_FIRST_DOTS = re.compile(rb"(?m)^\.")
_END = b".\r\n"


class _Broken(Exception):
    """The connection broke before any of the message was sent."""

    def __init__(self, outcome: Failed) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class EmailChannel:
    """Sends messages through one mail server. Nothing is tried again here: the caller decides, by the outcome."""

    def __init__(self, settings: MailSettings, return_key: bytes, *, connections: int = _CONNECTIONS) -> None:
        self._settings = settings
        self._key = return_key
        self._sender, self._reply_to = as_header(settings.sender), as_header(settings.reply_to)
        self._trusted = settings.trusted()
        self._free = asyncio.Semaphore(connections)
        self._idle: deque[tuple[SMTP, float]] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._idle:
            await _quit(self._idle.pop()[0])

    async def send(self, message: Message) -> Outcome:
        """R29: sends a message to its address. Returns what became of it, and raises nothing of the network.

        In doubt is only what broke after the text had begun to go out and before the server answered.
        """
        try:
            address = _as_servers_take_it(message.to)
        except EmailNotValidError:
            return Failed(TryFailure.REFUSED, _BAD_ADDRESS)
        mail = written(message, to=address, sender=self._sender, reply_to=self._reply_to)
        sender = return_address(self._settings.return_domain, message.message_id, self._key)
        async with self._free:
            if (kept := self._kept()) is not None:
                with suppress(_Broken):  # while it was idle: that says nothing about this message
                    return await self._transfer(kept, sender, address, mail)
            try:
                return await self._transfer(await self._connect(), sender, address, mail)
            except _Broken as broken:
                return broken.outcome

    def _kept(self) -> SMTP | None:
        """Returns the connection that was used last, if it still stands; closes those that were idle for too long."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            smtp, since = self._idle.pop()
            if smtp.is_connected and now - since < _IDLE_SECONDS:
                return smtp
            smtp.close()
        return None

    async def _connect(self) -> SMTP:
        """Opens a connection, checks the certificate and logs in. Raises _Broken."""
        settings = self._settings
        smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user,
            password=settings.password,
            local_hostname=settings.return_domain,
            timeout=settings.connect_seconds,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            tls_context=self._trusted,
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:  # after STARTTLS: what a server offers counts only once it is encrypted
                await smtp.ehlo()
        except (SMTPException, OSError) as error:
            raise _Broken(_unsent(error)) from error
        smtp.timeout = settings.answer_seconds
        return smtp

    async def _transfer(self, smtp: SMTP, sender: str, to: str, mail: bytes) -> Outcome:
        """Transfers one e-mail, and keeps the connection if it can be used again. Raises _Broken."""
        outcome: Outcome | None = None
        try:
            outcome = await self._envelope(smtp, sender, to) or await self._content(smtp, mail)
        finally:
            if outcome is None or isinstance(outcome, InDoubt):
                smtp.close()
        await self._keep(smtp, outcome)
        return outcome

    async def _envelope(self, smtp: SMTP, sender: str, to: str) -> Failed | None:
        """Says from whom and to whom; returns None once the server waits for the text. Raises _Broken."""
        international = not to.isascii()
        if international and not smtp.supports_extension("smtputf8"):
            return Failed(TryFailure.REFUSED, _NEEDS_SMTPUTF8)
        reports = smtp.supports_extension("dsn")
        options = [*(["SMTPUTF8"] if international else []), *(["RET=HDRS"] if reports else [])]
        try:
            await smtp.mail(sender, options=options)
            await smtp.rcpt(to, options=["NOTIFY=FAILURE"] if reports else [], encoding="utf-8")
            answer = await smtp.execute_command(b"DATA")
            if answer.code == _SEND_NOW:
                return None
            raise SMTPResponseException(answer.code, answer.message)
        except SMTPResponseException as refused:
            if refused.code == _CLOSING or not 400 <= refused.code < 600:
                raise _Broken(_unsent(refused)) from refused
            return _refused(refused.code, refused.message)
        except (SMTPException, OSError) as error:
            raise _Broken(_unsent(error)) from error

    async def _content(self, smtp: SMTP, mail: bytes) -> Outcome:
        """Sends the text and reads the answer to it. Whatever breaks here leaves in doubt whether it arrived."""
        try:
            if (protocol := smtp.protocol) is None:
                raise SMTPServerDisconnected("Connection lost")
            protocol.write(_FIRST_DOTS.sub(b"..", mail) + _END)
        except SMTPServerDisconnected as error:  # raised before anything is written
            raise _Broken(_unsent(error)) from error
        try:
            answer = await protocol.read_response(timeout=self._settings.answer_seconds)
        except (SMTPException, OSError):
            return InDoubt()
        if 200 <= answer.code < 300:
            return Sent()
        return _refused(answer.code, answer.message) if 400 <= answer.code < 600 else InDoubt()

    async def _keep(self, smtp: SMTP, outcome: Outcome) -> None:
        """Keeps a connection for the next message; after a refusal the server is told to forget the envelope."""
        try:
            if isinstance(outcome, Failed):
                await smtp.rset()
        except (SMTPException, OSError):
            smtp.close()
        if smtp.is_connected:
            self._idle.append((smtp, asyncio.get_running_loop().time()))


def _unsent(error: Exception) -> Failed:
    """Returns why no message could go out: the server says *later*, or there is no working connection to it."""
    if isinstance(error, SMTPResponseException):
        later = 400 <= error.code < 500
        status = status_in(error.code, error.message)
        return Failed(TryFailure.REFUSED_FOR_NOW if later else TryFailure.UNREACHABLE, status)
    return Failed(TryFailure.UNREACHABLE, _why_unreachable(error))


def _why_unreachable(error: Exception) -> str:
    """Returns a code for whoever operates the service: a certificate, a time-out, or no connection at all."""
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(one, ssl.SSLError) for one in causes) or "STARTTLS" in str(error):
        return "tls"
    return "timeout" if isinstance(error, SMTPTimeoutError | TimeoutError) else "connection"


def _refused(code: int, words: str) -> Failed:
    return Failed(TryFailure.REFUSED if code >= 500 else TryFailure.REFUSED_FOR_NOW, status_in(code, words))


def _as_servers_take_it(address: str) -> str:
    """Returns an address with its domain in ASCII. Raises EmailNotValidError."""
    valid = validate_email(address, check_deliverability=False)
    return valid.ascii_email or f"{valid.local_part}@{valid.ascii_domain}"


async def _quit(smtp: SMTP) -> None:
    try:
        if smtp.is_connected:
            await smtp.quit()
    except (SMTPException, OSError):
        pass  # it is closed in any case
    finally:
        smtp.close()
