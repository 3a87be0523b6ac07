"""A try has one outcome, whoever asks again; only what has legal effect is sent again where it is in doubt (R29)."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.notices.channels.email import EmailChannel
from services.notices.channels.outcome import Failed, InDoubt, Outcome, Sent
from services.notices.channels.send_journal import PastTry, SendJournal, SendNow, decide, send_once
from services.notices.rules.message import Message
from shared.contracts.notices import TryFailure
from shared.eventstore.database import Database, open_database
from tests.integration.notices.channels.conftest import SCHEMA
from tests.integration.notices.channels.mail_servers import BreaksAt, MailServer, mail_server, settings_of
from tests.integration.notices.channels.test_email import AT, KEY, MESSAGE, message

pytestmark = pytest.mark.rule("R29")
LATER = Failed(TryFailure.REFUSED_FOR_NOW, "4.2.1")


def told(*, has_legal_effect: bool) -> Message:
    return replace(MESSAGE, has_legal_effect=has_legal_effect)


LEGAL, OTHER = told(has_legal_effect=True), told(has_legal_effect=False)


class Answers:
    """A channel that gives the answers of a test, in order."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)

    async def send(self, message: Message) -> Outcome:
        return self.outcomes.pop(0)


@pytest.mark.parametrize(
    ("past", "of_legal_effect", "of_others"),
    [
        ([], SendNow(again=False), SendNow(again=False)),
        ([PastTry(0, LATER)], SendNow(again=False), SendNow(again=False)),
        ([PastTry(1, LATER)], LATER, LATER),
        ([PastTry(1, None)], SendNow(again=True), InDoubt()),
        ([PastTry(0, None)], SendNow(again=True), InDoubt()),
        ([PastTry(0, InDoubt())], SendNow(again=True), InDoubt()),
        ([PastTry(1, InDoubt())], InDoubt(), InDoubt()),
        ([PastTry(0, LATER), PastTry(1, Sent())], Sent(), Sent()),
        ([PastTry(0, Sent())], Sent(), Sent()),
        ([PastTry(0, None), PastTry(1, Sent(in_doubt=True))], Sent(in_doubt=True), Sent(in_doubt=True)),
    ],
)
def test_what_is_known_of_a_second_try(
    past: Sequence[PastTry], of_legal_effect: SendNow | Outcome, of_others: SendNow | Outcome
) -> None:
    assert decide(past, 1, LEGAL) == of_legal_effect
    assert decide(past, 1, OTHER) == of_others


@pytest.mark.parametrize("outcome", [Sent(), LATER, Failed(TryFailure.UNREACHABLE), InDoubt()])
async def test_a_try_that_is_asked_for_again_has_the_same_outcome_and_sends_nothing(
    outcome: Outcome, database: Database
) -> None:
    """As after a stale append, or a crash between sending and recording."""
    journal, channel = SendJournal(database), Answers(outcome)
    for _ in range(3):
        assert await send_once(journal, channel, LEGAL, 0) == outcome


async def test_a_failed_try_is_followed_by_another_and_one_that_was_sent_by_none(database: Database) -> None:
    journal, channel = SendJournal(database), Answers(LATER, Sent())
    assert [await send_once(journal, channel, OTHER, number) for number in range(4)] == [LATER, Sent(), Sent(), Sent()]


async def test_what_is_sent_again_after_a_doubt_says_so(database: Database) -> None:
    journal, channel = SendJournal(database), Answers(InDoubt(), Sent())
    assert await send_once(journal, channel, LEGAL, 0) == InDoubt()
    assert await send_once(journal, channel, LEGAL, 1) == Sent(in_doubt=True)
    assert await send_once(journal, channel, LEGAL, 1) == Sent(in_doubt=True)


async def test_of_many_callers_at_once_one_hears_that_the_try_is_new(notices_dsn: str) -> None:
    """In two processes' pools, each of which asks for several in one statement."""
    async with open_database(notices_dsn, SCHEMA) as one, open_database(notices_dsn, SCHEMA) as other:
        journals = [SendJournal(one), SendJournal(other)]
        asked = [(journal, message(number)) for number in range(50) for journal in journals * 3]
        heard = await asyncio.gather(*(journal.begin(one, 0) for journal, one in asked))
        new = [one.message_id for (_, one), past in zip(asked, heard, strict=True) if not past]
    assert sorted(new) == sorted(message(number).message_id for number in range(50))


async def test_the_intent_is_committed_before_anything_is_sent(database: Database, notices_dsn: str) -> None:
    class Looks:
        async def send(self, message: Message) -> Outcome:
            async with open_database(notices_dsn, SCHEMA) as elsewhere:
                assert list(await SendJournal(elsewhere).begin(message, 0)) == [PastTry(0, None)]
            return Sent()

    assert await send_once(SendJournal(database), Looks(), LEGAL, 0) == Sent()


async def test_without_a_journal_nothing_is_sent(database: Database) -> None:
    channel = Answers(Sent())
    async with database.acquire() as connection:
        await connection.execute("alter table sending rename to away")
    with pytest.raises(Exception, match="sending"):
        await send_once(SendJournal(database), channel, LEGAL, 0)
    assert channel.outcomes == [Sent()]


async def test_old_tries_are_forgotten(database: Database) -> None:
    journal = SendJournal(database)
    await send_once(journal, Answers(Sent()), LEGAL, 0)
    await journal.forget(AT)
    assert await journal.begin(LEGAL, 1)
    await journal.forget(AT + timedelta(seconds=1))
    assert not await journal.begin(LEGAL, 2)


async def kill_sender(dsn: str, server: MailServer, certificates: Path, legal: str, step: str) -> None:
    """Lets a process send until it reaches the step, and kills it there."""
    program = "tests.integration.notices.channels.killed_sender"
    command = ["-m", program, dsn, str(server.port), str(certificates), legal, step]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            if server.silent_at == "never":
                assert await process.stdout.readline() == b"reached\n"
            while server.silent_at != "never" and not server.reached[server.silent_at]:
                await asyncio.sleep(0.02)
    finally:
        process.kill()
        await process.wait()
    server.silent_at = "never"


@pytest.mark.parametrize("legal", ["legal", "other"])
@pytest.mark.parametrize(
    ("step", "silent_at", "arrived", "known"),
    [
        ("before the socket", "never", 0, False),
        ("in the envelope", "mail", 0, False),
        ("after the text", "text", 1, False),
        ("after the answer", "never", 1, False),
        ("after the outcome is kept", "never", 1, True),
    ],
)
async def test_a_process_killed_between_two_steps(
    step: str, silent_at: BreaksAt, arrived: int, known: bool, legal: str, notices_dsn: str, tmp_path: Path
) -> None:
    """Where nobody can know whether its message had gone out, the journal decides by the legal effect."""
    one = told(has_legal_effect=legal == "legal")
    async with mail_server(MailServer(silent_at=silent_at), tmp_path) as server:
        await kill_sender(notices_dsn, server, tmp_path, legal, step)
        async with (
            open_database(notices_dsn, SCHEMA) as database,
            EmailChannel(settings_of(server, tmp_path), KEY) as channel,
        ):
            outcome = await send_once(SendJournal(database), channel, one, 0)
    again = not known and one.has_legal_effect
    assert outcome == (Sent() if known else Sent(in_doubt=True) if again else InDoubt())
    assert len(server.taken) == arrived + again
    assert {mail["Message-ID"] for mail in server.mails()} <= {f"<{one.message_id}>"}
