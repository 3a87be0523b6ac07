"""Reports over a real socket: the first to a valid address counts, and nothing else does anything (R4)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import pytest
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from services.notices.channels import bounces
from services.notices.channels.bounces import BounceReceiver, ReportSettings, receive_reports
from services.notices.channels.outcome import Sent
from services.notices.channels.send_journal import SendJournal
from services.notices.rules.bounces import Bounce
from services.notices.rules.message import return_address
from shared.eventstore.clock import RealClock
from shared.eventstore.database import Database
from tests.integration.notices.channels.test_email import CASE, KEY, MESSAGE, message
from tests.unit.notices.channels.reports import AUTO_REPLY, VACATION, delivery_report

pytestmark = pytest.mark.rule("R4")
DOMAIN, HOST = "retur.example.dk", "127.0.0.1"
ADDRESS = return_address(DOMAIN, MESSAGE.message_id, KEY)
FORGED = return_address(DOMAIN, MESSAGE.message_id, b"f" * 32)
NEVER_SENT = return_address(DOMAIN, message(99).message_id, KEY)
REPORT = delivery_report("failed", "5.1.1")
TOLD = [(CASE, Bounce(MESSAGE.message_id, final=True, status="5.1.1"))]


class Inbox:
    """A receiver on a port, and what it has handed over."""

    def __init__(self, database: Database) -> None:
        self.told: list[tuple[UUID, Bounce]] = []
        self.fails = 0
        self.port = 0
        self.receiver = BounceReceiver(DOMAIN, [KEY], SendJournal(database), self.tell, RealClock())

    async def tell(self, stream: UUID, bounce: Bounce) -> None:
        """Fails as often as a test says."""
        if self.fails:
            self.fails -= 1
            raise ConnectionResetError("PLANTED")
        self.told.append((stream, bounce))

    async def mail(self, raw: bytes, to: str, sender: str = "") -> int:
        """Delivers a mail as a mail server does; returns the code of the last answer."""
        async with SMTP(hostname=HOST, port=self.port, start_tls=False, timeout=5) as smtp:
            try:
                await smtp.mail(sender)
                await smtp.rcpt(to)
                return (await smtp.data(raw)).code
            except SMTPResponseException as refused:
                return refused.code


@asynccontextmanager
async def receiving(inbox: Inbox, settings: ReportSettings) -> AsyncIterator[Inbox]:
    async with receive_reports(settings, inbox.receiver) as inbox.port:
        yield inbox


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[Inbox]:
    """One that knows the message."""
    journal = SendJournal(database)
    await journal.begin(MESSAGE, 0)
    await journal.end(MESSAGE.message_id, 0, Sent())
    async with receiving(Inbox(database), ReportSettings(0)) as opened:
        yield opened


async def test_a_report_counts_once(inbox: Inbox) -> None:
    assert [await inbox.mail(REPORT, ADDRESS) for _ in range(3)] == [250] * 3
    assert inbox.told == TOLD


async def test_of_many_reports_at_once_one_counts(inbox: Inbox) -> None:
    assert await asyncio.gather(*(inbox.mail(REPORT, ADDRESS) for _ in range(10))) == [250] * 10
    assert inbox.told == TOLD


async def test_a_report_that_could_not_be_recorded_is_sent_again_and_then_counts(
    inbox: Inbox, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    inbox.fails = 1
    assert [await inbox.mail(REPORT, ADDRESS) for _ in range(2)] == [451, 250]
    assert inbox.told == TOLD
    logged = capsys.readouterr().out + caplog.text
    assert "PLANTED" not in logged
    assert "nobody@firma" not in logged


@pytest.mark.parametrize(
    ("raw", "to", "sender", "answer"),
    [
        (REPORT, FORGED, "", 550),
        (REPORT, "post@retur.example.dk", "", 550),
        (REPORT, NEVER_SENT, "", 250),
        (delivery_report("delayed", "4.4.1"), ADDRESS, "", 250),
        (AUTO_REPLY, ADDRESS, "", 250),
        (VACATION, ADDRESS, "", 250),
        (AUTO_REPLY, ADDRESS, "firma@example.dk", 550),
        (b"Subject: Hvem er I?\r\n\r\nHej\r\n", ADDRESS, "firma@example.dk", 550),
        (b"\x00\xff\r\n" * 100, ADDRESS, "", 250),
        (REPORT + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 40_000, ADDRESS, "", 552),
    ],
    ids=["forged", "other", "never sent", "delayed", "reply", "vacation", "answer", "plain", "malformed", "oversized"],
)
async def test_other_mail_changes_nothing(raw: bytes, to: str, sender: str, answer: int, inbox: Inbox) -> None:
    assert await inbox.mail(raw, to, sender) == answer
    assert inbox.told == []
    assert await inbox.mail(REPORT, ADDRESS) == 250
    assert inbox.told == TOLD, "the receiver still works, and the first report still counts"


async def test_only_so_many_connections_are_open(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounces, "_MOST_CONNECTIONS", 2)
    held = [await asyncio.open_connection(HOST, inbox.port) for _ in range(2)]
    for reader, _ in held:
        await reader.readline()
    with pytest.raises((SMTPException, OSError)):
        await inbox.mail(REPORT, ADDRESS)
    for _, writer in held:
        writer.close()
    await asyncio.sleep(0.2)
    assert await inbox.mail(REPORT, ADDRESS) == 250


@pytest.mark.parametrize("lines", [[], [b"NOOP\r\n"] * 100])
async def test_a_connection_ends_whatever_the_other_side_does(lines: Sequence[bytes], database: Database) -> None:
    settings = ReportSettings(0, idle_seconds=60.0 if lines else 0.3, whole_seconds=0.5 if lines else 60.0)
    async with receiving(Inbox(database), settings) as inbox, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(HOST, inbox.port)
        for line in lines:
            writer.write(line)
            await asyncio.sleep(0.01)
        with suppress(OSError):
            while await reader.read(1000):
                pass
        writer.close()
