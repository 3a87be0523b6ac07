"""E-mail over real sockets: what is sent, what failed and what is in doubt (R29)."""

from asyncio import create_task, gather, sleep
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest

from services.notices.channels.email import EmailChannel
from services.notices.channels.mail_settings import Tls
from services.notices.channels.outcome import Failed, InDoubt, Outcome, Sent
from services.notices.rules.message import Attachment, Message, message_id, returned_message, thread_id
from shared.contracts.notices import TryFailure
from tests.integration.notices.channels.mail_servers import BreaksAt, MailServer, mail_server, settings_of

pytestmark = pytest.mark.rule("R29")
KEY = b"k" * 32
CASE = UUID("01900000-0000-7000-8000-0000000000ca")
AT = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)
TO = "leder@firma.example.dk"
TEXT = "Kære leder\n\n.Et punktum først på en linje\n..og to\nÆblegrød på en ø i åen: " + "lang linje " * 100 + "\n"
MESSAGE = Message(
    message_id=message_id(KEY, UUID("01900000-0000-7000-8000-00000000000a"), 0),
    told_by=CASE,
    to=TO,
    at=AT,
    thread_id=thread_id(KEY, CASE),
    subject="Et tilbud venter på svar: støj på Børnehuset Æblehaven, som ligger på en ø langt ude i åen ved Aarhus",
    text=TEXT,
    html="<p>Kære leder: æ, ø og å</p>",
    has_legal_effect=True,
)


def message(number: int) -> Message:
    return replace(MESSAGE, message_id=message_id(KEY, UUID(int=number), 0))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MailServer]:
    async with mail_server(MailServer(), tmp_path) as does:
        yield does


async def send(does: MailServer, certificates: Path, told: Message = MESSAGE, to: str = TO) -> Outcome:
    async with EmailChannel(settings_of(does, certificates), KEY) as channel:
        return await channel.send(replace(told, to=to))


async def test_a_message_arrives_as_it_was_written(server: MailServer, tmp_path: Path) -> None:
    letter = Attachment("Afgørelse på Æblehaven.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")
    assert await send(server, tmp_path, replace(MESSAGE, attachments=(letter,))) == Sent()
    (mail,) = server.mails()
    assert server.taken[0].isascii(), "seven bits, so that no server on the way can spoil a letter"
    assert max(len(line) for line in server.taken[0].splitlines()) <= 998
    assert mail["Subject"] == MESSAGE.subject
    assert mail["To"] == TO
    assert mail["From"].addresses[0].display_name == "Arbejdstilsynet, Øst"
    assert mail["Reply-To"] == "svar@example.dk"
    assert mail["Date"].datetime == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert plain.get_content().replace("\r\n", "\n") == TEXT
    assert html.get_content().strip() == MESSAGE.html
    (attached,) = mail.iter_attachments()
    assert isinstance(attached, EmailMessage)
    assert (attached.get_filename(), attached.get_content_type(), attached.get_content()) == (
        letter.name,
        letter.media_type,
        letter.content,
    )


async def test_messages_of_a_case_belong_together(server: MailServer, tmp_path: Path) -> None:
    for number in (1, 2):
        await send(server, tmp_path, message(number))
    await send(server, tmp_path, replace(message(3), thread_id=None))
    first, second, digest = server.mails()
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == first["In-Reply-To"] == f"<{thread_id(KEY, CASE)}>"
    assert digest["References"] is digest["In-Reply-To"] is None


async def test_the_same_message_sent_again_has_the_same_id(server: MailServer, tmp_path: Path) -> None:
    assert [await send(server, tmp_path), await send(server, tmp_path)] == [Sent(), Sent()]
    assert {mail["Message-ID"] for mail in server.mails()} == {f"<{MESSAGE.message_id}>"}


@pytest.mark.rule("R4")
async def test_a_report_would_come_back_to_an_address_that_names_the_message(
    server: MailServer, tmp_path: Path
) -> None:
    await send(server, tmp_path)
    ((sender, to),) = server.envelopes
    assert to == [TO]
    assert returned_message(sender, "retur.example.dk", [KEY]) == MESSAGE.message_id


async def test_a_server_that_can_is_asked_for_short_reports_of_failures_only(tmp_path: Path) -> None:
    async with mail_server(MailServer(knows_dsn=True), tmp_path) as server:
        assert await send(server, tmp_path) == Sent()
        assert server.asked == ["RET=HDRS", "NOTIFY=FAILURE"]


@pytest.mark.parametrize(
    "planted", ["\r\nBcc: alle@example.dk", "\nBcc: alle@example.dk", "\x0bBcc: x\x0c", "\u2028Bcc: x"]
)
async def test_no_text_becomes_a_header(planted: str, server: MailServer, tmp_path: Path) -> None:
    letter = Attachment(f"brev{planted}", "application/pdf", b"%PDF")
    told = replace(MESSAGE, subject=f"Tilbud{planted}", attachments=(letter,))
    assert await send(server, tmp_path, told) == Sent()
    (mail,) = server.mails()
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Tilbud Bcc:")
    assert server.envelopes[0][1] == [TO]


@pytest.mark.parametrize(
    "to",
    [
        "leder@firma.example.dk\r\nRCPT TO:<alle@example.dk>",
        "leder@firma.example.dk, alle@example.dk",
        "leder@firma.example.dk>",
        "leder",
        "",
    ],
)
async def test_what_is_no_address_touches_no_server(to: str, server: MailServer, tmp_path: Path) -> None:
    assert await send(server, tmp_path, to=to) == Failed(TryFailure.REFUSED, "5.1.3")
    assert server.connections == 0


@pytest.mark.parametrize("to", ["leder@rødgrød.dk", "jørgen@rødgrød.dk"])
async def test_an_address_with_danish_letters_is_written_to(to: str, server: MailServer, tmp_path: Path) -> None:
    assert await send(server, tmp_path, to=to) == Sent()
    assert server.envelopes[0][1] == [to.replace("rødgrød", "xn--rdgrd-vuad")]


@pytest.mark.parametrize(
    ("answers", "failure", "status"),
    [
        (MailServer(mail="450 4.7.1 Greylisted"), TryFailure.REFUSED_FOR_NOW, "4.7.1"),
        (MailServer(mail="421 4.3.2 Closing"), TryFailure.REFUSED_FOR_NOW, "4.3.2"),
        (MailServer(mail="550 5.7.1 Not you"), TryFailure.REFUSED, "5.7.1"),
        (MailServer(rcpt="450 4.2.1 Mailbox busy"), TryFailure.REFUSED_FOR_NOW, "4.2.1"),
        (MailServer(rcpt="550 5.1.1 No such user"), TryFailure.REFUSED, "5.1.1"),
        (MailServer(rcpt="550 no code"), TryFailure.REFUSED, "550"),
        (MailServer(text="451 4.3.0 Disk full"), TryFailure.REFUSED_FOR_NOW, "4.3.0"),
        (MailServer(text="421 4.3.2 Closing"), TryFailure.REFUSED_FOR_NOW, "4.3.2"),
        (MailServer(text="554 5.7.0 Looks like spam"), TryFailure.REFUSED, "5.7.0"),
        (MailServer(breaks_at="mail"), TryFailure.UNREACHABLE, "connection"),
        (MailServer(breaks_at="data"), TryFailure.UNREACHABLE, "connection"),
        (MailServer(silent_at="mail"), TryFailure.UNREACHABLE, "timeout"),
        (MailServer(silent_at="data"), TryFailure.UNREACHABLE, "timeout"),
    ],
    ids=lambda value: f"{value.mail}/{value.rcpt}/{value.text}" if isinstance(value, MailServer) else None,
)
async def test_what_was_not_taken_over_failed_with_a_code_and_no_words(
    answers: MailServer, failure: TryFailure, status: str, tmp_path: Path
) -> None:
    async with mail_server(answers, tmp_path):
        outcome = await send(answers, tmp_path)
    assert outcome == Failed(failure, status)


@pytest.mark.parametrize(
    "answers",
    [MailServer(breaks_at="half of the text"), MailServer(breaks_at="text"), MailServer(silent_at="text")],
    ids=["breaks in the text", "breaks after the text", "silent after the text"],
)
async def test_what_broke_after_the_text_began_is_in_doubt(answers: MailServer, tmp_path: Path) -> None:
    async with mail_server(answers, tmp_path):
        assert isinstance(await send(answers, tmp_path), InDoubt)


@pytest.mark.parametrize("code", ["what?", "250", "999 hm"])
async def test_an_answer_that_nobody_understands_is_in_doubt_or_a_yes(code: str, tmp_path: Path) -> None:
    async with mail_server(MailServer(text=code), tmp_path) as server:
        assert isinstance(await send(server, tmp_path), Sent if code == "250" else InDoubt)


async def test_nobody_who_listens_is_unreachable(tmp_path: Path) -> None:
    async with mail_server(MailServer(), tmp_path) as server:
        pass
    assert await send(server, tmp_path) == Failed(TryFailure.UNREACHABLE, "connection")


@pytest.mark.parametrize("way", ["starttls", "implicit"])
async def test_both_ways_to_tls_work_and_a_wrong_certificate_stops_both(way: Tls, tmp_path: Path) -> None:
    async with mail_server(MailServer(), tmp_path / "own", tls=way) as server:
        async with EmailChannel(settings_of(server, tmp_path / "own", tls=way), KEY) as channel:
            assert await channel.send(MESSAGE) == Sent()
        async with mail_server(MailServer(), tmp_path / "other", tls=way) as foreign:
            foreign_port = settings_of(foreign, tmp_path / "own", tls=way)
            async with EmailChannel(foreign_port, KEY) as channel:
                assert await channel.send(MESSAGE) == Failed(TryFailure.UNREACHABLE, "tls")
            assert foreign.envelopes == []
    async with mail_server(MailServer(), tmp_path / "named", tls=way, named="mx.example.dk") as misnamed:
        async with EmailChannel(settings_of(misnamed, tmp_path / "named", tls=way), KEY) as channel:
            assert await channel.send(MESSAGE) == Failed(TryFailure.UNREACHABLE, "tls")
        assert misnamed.envelopes == []


def failure_of(outcome: Outcome) -> TryFailure:
    assert isinstance(outcome, Failed)
    return outcome.failure


async def test_a_server_without_tls_gets_nothing(tmp_path: Path) -> None:
    async with mail_server(MailServer(), None, tls="none") as server:
        async with EmailChannel(settings_of(server, None), KEY) as channel:
            assert await channel.send(MESSAGE) == Failed(TryFailure.UNREACHABLE, "tls")
        assert server.envelopes == []


async def test_a_server_that_asks_who_we_are_is_told(tmp_path: Path) -> None:
    async with mail_server(MailServer(), tmp_path, login=(b"aftale", b"secret")) as server:
        for password, expected in (("secret", Sent()), ("wrong", Failed(TryFailure.UNREACHABLE, "5.7.8"))):
            async with EmailChannel(settings_of(server, tmp_path, password=password), KEY) as channel:
                assert await channel.send(MESSAGE) == expected


async def test_connections_are_used_again_and_opened_again_when_they_broke(server: MailServer, tmp_path: Path) -> None:
    async with EmailChannel(settings_of(server, tmp_path), KEY) as channel:
        for number in range(5):
            assert await channel.send(message(number)) == Sent()
        assert server.connections == 1
        server.drop_connections()
        assert await channel.send(message(5)) == Sent()
        server.rcpt = "550 5.1.1 No such user"
        assert failure_of(await channel.send(message(6))) == TryFailure.REFUSED
        server.rcpt = "250 OK"
        assert await channel.send(message(7)) == Sent()
        assert server.connections == 2, "a refusal does not cost the connection"
    assert len(server.taken) == 7


async def test_a_kept_connection_that_the_server_closes_politely_is_no_failure(
    server: MailServer, tmp_path: Path
) -> None:
    async with EmailChannel(settings_of(server, tmp_path), KEY) as channel:
        assert await channel.send(message(0)) == Sent()
        server.mail = "421 4.4.2 Idle for too long"
        task = channel.send(message(1))
        assert failure_of(await task) == TryFailure.REFUSED_FOR_NOW
        assert server.connections == 2, "a fresh connection was tried once, and no more"


async def test_no_more_connections_than_allowed_are_open(server: MailServer, tmp_path: Path) -> None:
    async with EmailChannel(settings_of(server, tmp_path), KEY, connections=3) as channel:
        outcomes = await gather(*(channel.send(message(number)) for number in range(30)))
    assert outcomes == [Sent()] * 30
    assert server.connections == 3
    assert len({mail["Message-ID"] for mail in server.mails()}) == 30


@pytest.mark.parametrize("place", ["mail", "text"])
async def test_a_try_that_is_called_off_leaves_no_connection_behind(place: BreaksAt, tmp_path: Path) -> None:
    async with mail_server(MailServer(silent_at=place), tmp_path) as server:
        settings = settings_of(server, tmp_path, answer_seconds=60.0)
        async with EmailChannel(settings, KEY, connections=1) as channel:
            sending = create_task(channel.send(MESSAGE))
            await sleep(0.3)
            sending.cancel()
            await gather(sending, return_exceptions=True)
            server.silent_at = "never"
            assert await channel.send(message(1)) == Sent()
        assert server.connections == 2
