"""Mail servers on 127.0.0.1 that answer, refuse, stay silent and break off as a test says."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from typing_extensions import override

from deploy.containers.certificates import AUTHORITY, BROKER, make_certificates
from services.notices.channels.mail_settings import MailSettings, Tls

HOST = "127.0.0.1"
BreaksAt = Literal["connection", "mail", "data", "half of the text", "text", "never"]


@dataclass
class MailServer:
    """What a server does, and what it has seen."""

    mail: str = "250 OK"
    rcpt: str = "250 OK"
    text: str = "250 OK"
    """Its answers."""
    breaks_at: BreaksAt = "never"
    silent_at: BreaksAt = "never"
    knows_dsn: bool = False
    """Whether it offers the extension with which reports are ordered (RFC 3461)."""
    asked: list[str] = field(default_factory=list)
    """What was ordered with it."""
    port: int = 0
    connections: int = 0
    taken: list[bytes] = field(default_factory=list)
    """Every text that came whole."""
    envelopes: list[tuple[str, Sequence[str]]] = field(default_factory=list)
    """From whom and to whom."""
    reached: Counter[BreaksAt] = field(default_factory=Counter)
    """How often it came to each place."""
    protocols: "list[_Scripted]" = field(default_factory=list)

    def mails(self) -> list[EmailMessage]:
        """The texts as mail programs read them."""
        return [message_from_bytes(raw, policy=SMTP_POLICY) for raw in self.taken]

    def drop_connections(self) -> None:
        """As a server does that is started again."""
        for one in self.protocols:
            if one.transport is not None:
                cast("asyncio.Transport", one.transport).abort()

    async def reach(self, server: SMTP, place: BreaksAt) -> None:
        """Breaks off or stays silent, if it is to do so there."""
        self.reached[place] += 1
        if self.silent_at == place:
            await asyncio.sleep(3600)
        if self.breaks_at == place:
            cast("asyncio.Transport", server.transport).abort()
            await asyncio.sleep(0)
            raise ConnectionResetError


class _Scripted(SMTP):
    """A server that can break off where the library's hooks do not reach."""

    def __init__(
        self,
        does: MailServer,
        hooks: SimpleNamespace,
        context: ssl.SSLContext | None,
        log_in: Callable[[SMTP, Session, Envelope, str, object], AuthResult] | None,
    ) -> None:
        super().__init__(
            hooks,
            enable_SMTPUTF8=True,
            hostname="mx.example.dk",
            tls_context=context,
            require_starttls=context is not None,
            auth_required=log_in is not None,
            authenticator=log_in,
            loop=asyncio.get_running_loop(),
        )
        self.does = does
        does.connections += 1
        does.protocols.append(self)

    @override
    async def smtp_MAIL(self, arg: str) -> None:
        """Takes what the extension DSN adds, which the library does not know."""
        self.does.asked += [word for word in arg.split() if word.startswith("RET=")]
        await super().smtp_MAIL(arg.replace(" RET=HDRS", "") if self.does.knows_dsn else arg)

    @override
    async def smtp_RCPT(self, arg: str) -> None:
        self.does.asked += [word for word in arg.split() if word.startswith("NOTIFY=")]
        await super().smtp_RCPT(arg.replace(" NOTIFY=FAILURE", "") if self.does.knows_dsn else arg)

    @override
    async def smtp_DATA(self, arg: str) -> None:
        await self.does.reach(self, "data")
        if self.does.breaks_at == "half of the text":
            await self.push("354 go on")
            await self._reader.readuntil(b"\n")
            await self.does.reach(self, "half of the text")
        await super().smtp_DATA(arg)


@asynccontextmanager
async def mail_server(
    does: MailServer,
    certificates: Path | None,
    *,
    tls: Tls = "starttls",
    named: str = HOST,
    login: tuple[bytes, bytes] | None = None,
) -> AsyncIterator[MailServer]:
    """Runs a server that does what it is told, with a certificate for the name, on a free port."""

    async def handle_mail(server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        await does.reach(server, "mail")
        envelope.mail_from = address
        return does.mail

    async def handle_rcpt(server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        envelope.rcpt_tos.append(address)
        return does.rcpt

    async def handle_data(server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.original_content, bytes)
        does.taken.append(envelope.original_content)
        does.envelopes.append((envelope.mail_from or "", envelope.rcpt_tos))
        await does.reach(server, "text")
        return does.text

    async def handle_ehlo(
        server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *(["250-DSN"] if does.knows_dsn else []), responses[-1]]

    async def handle_exception(error: Exception) -> str:
        return "421 4.3.0 broken"

    def log_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == login
        return AuthResult(success=right, handled=False)  # else the library believes that it was answered here

    hooks = SimpleNamespace(
        handle_MAIL=handle_mail,
        handle_RCPT=handle_rcpt,
        handle_DATA=handle_data,
        handle_EHLO=handle_ehlo,
        handle_exception=handle_exception,
    )
    context = None if certificates is None else _certificate(certificates, named)

    make = partial(_Scripted, does, hooks, context if tls == "starttls" else None, log_in if login else None)
    listening = await asyncio.get_running_loop().create_server(
        make, HOST, 0, ssl=context if tls == "implicit" else None
    )
    does.port = listening.sockets[0].getsockname()[1]
    try:
        yield does
    finally:
        listening.close()
        does.drop_connections()
        await listening.wait_closed()


def _certificate(folder: Path, named: str) -> ssl.SSLContext:
    make_certificates(folder, folder, named)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / BROKER)
    return context


def settings_of(
    does: MailServer,
    certificates: Path | None,
    *,
    tls: Tls = "starttls",
    password: str | None = None,
    answer_seconds: float | None = None,
) -> MailSettings:
    """Settings that lead there; the times are short only if it is silent somewhere, because machines can be slow."""
    seconds = answer_seconds or (60.0 if does.silent_at == "never" else 0.5)
    return MailSettings(
        host=HOST,
        port=does.port,
        sender="Arbejdstilsynet, Øst <svar@example.dk>",
        reply_to="svar@example.dk",
        return_domain="retur.example.dk",
        tls=tls,
        user=None if password is None else "aftale",
        password=password,
        authority=None if certificates is None else certificates / AUTHORITY,
        connect_seconds=max(1.0, seconds),
        answer_seconds=seconds,
    )
