"""The journal of tries to send: the intent is committed before the socket is touched, the outcome after it (R29)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.notices.channels.outcome import Channel, Failed, InDoubt, Outcome, Sent
from services.notices.rules.message import Message
from shared.contracts.notices import TryFailure
from shared.eventstore.database import Connection, Database

_BEGIN = """
insert into sending (message_id, try_number, told_by, begun_at)
select * from unnest($1::text[], $2::integer[], $3::uuid[], $4::timestamptz[])
on conflict do nothing
returning message_id, try_number
"""
_TRIES = """
select message_id, try_number, outcome, failure, status from sending where message_id = any($1::text[])
"""
_END = """
update sending set outcome = $3, failure = $4, status = $5
where message_id = $1 and try_number = $2 and outcome is null
"""
_FORGET = "with old as (delete from returned where returned_at < $1) delete from sending where begun_at < $1"
_TOLD_BY = """
select told_by from sending
where message_id = $1 and not exists (select from returned where returned.message_id = sending.message_id)
limit 1
"""
_RETURNED = "insert into returned (message_id, returned_at) values ($1, $2) on conflict do nothing"


@dataclass(frozen=True)
class SendNow:
    """Nothing is known against sending."""

    again: bool
    """Whether an earlier try may have arrived."""


@dataclass(frozen=True)
class PastTry:
    """A try that was begun before."""

    number: int
    outcome: Outcome | None
    """None if the process ended before it knew."""


@dataclass(frozen=True, eq=False)
class _Try:
    """Two callers that begin the same try are two questions: only one may hear that it is new."""

    message_id: str
    number: int
    told_by: UUID
    at: datetime


class SendJournal:
    """Rows of the service's database. Callers at the same time share one transaction, as they do in `append`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, message: Message, try_number: int) -> Sequence[PastTry]:
        """Notes durably that a try begins; returns the tries of the message that were begun before.

        This one is among them if it was begun before. May raise one of DATABASE_AWAY; then nothing may be sent.
        """
        return await self._database.ask(_begin, _Try(message.message_id, try_number, message.told_by, message.at))

    async def end(self, message_id: str, try_number: int, outcome: Outcome) -> None:
        """Notes durably what became of a try, if nobody did so before."""
        kind, failure, status = _as_columns(outcome)
        async with self._database.acquire() as connection:
            await connection.execute(_END, message_id, try_number, kind, failure, status)

    async def told_by(self, message_id: str) -> UUID | None:
        """R4: returns the stream that a report about a message concerns.

        None if no such message was sent, or if a report about it had its effect already.
        """
        async with self._database.acquire() as connection:
            found: UUID | None = await connection.fetchval(_TOLD_BY, message_id)
        return found

    async def returned(self, message_id: str, at: datetime) -> None:
        """R4: notes that a report about a message has had its effect, so that no other has one."""
        async with self._database.acquire() as connection:
            await connection.execute(_RETURNED, message_id, at)

    async def forget(self, before: datetime) -> None:
        """Deletes tries that were begun before an instant. Reports about their messages do not count any more."""
        async with self._database.acquire() as connection:
            await connection.execute(_FORGET, before)


async def send_once(journal: SendJournal, channel: Channel, message: Message, try_number: int) -> Outcome:
    """R29: sends a message by a channel, unless the journal knows what became of this try or that it was sent.

    So a caller whose append was stale, or that crashed after sending, calls again with the same number, and gets the
    same outcome without a second message. `try_number` counts the failed tries that are recorded as facts.
    """
    next_step = decide(await journal.begin(message, try_number), try_number, message)
    if isinstance(next_step, SendNow):
        outcome = await channel.send(message)
        if isinstance(outcome, Sent) and next_step.again:
            outcome = Sent(in_doubt=True)
    else:
        outcome = next_step
    await journal.end(message.message_id, try_number, outcome)
    return outcome


def decide(past: Sequence[PastTry], number: int, message: Message) -> SendNow | Outcome:
    """R29: returns what is known of a try already, or that it is to be sent.

    What was sent is not sent again. Where an earlier try is in doubt, the message goes out again, under the same
    Message-ID, only if it has legal effect; otherwise the outcome says that it is in doubt.
    """
    for one in past:
        if isinstance(one.outcome, Sent):
            return one.outcome
    for one in past:
        if one.number == number and one.outcome is not None:
            return one.outcome
    in_doubt = any(one.outcome is None or isinstance(one.outcome, InDoubt) for one in past)
    return InDoubt() if in_doubt and not message.has_legal_effect else SendNow(again=in_doubt)


async def _begin(connection: Connection, tries: Sequence[_Try]) -> Sequence[Sequence[PastTry]]:
    """Answers which tries were begun before. In one order, so that two processes never wait for each other's rows."""
    ordered = sorted(tries, key=lambda one: (one.message_id, one.number))
    new = await connection.fetch(
        _BEGIN,
        [one.message_id for one in ordered],
        [one.number for one in ordered],
        [one.told_by for one in ordered],
        [one.at for one in ordered],
    )
    own = {(row["message_id"], row["try_number"]) for row in new}
    begun: dict[str, list[PastTry]] = {one.message_id: [] for one in tries}
    for row in await connection.fetch(_TRIES, list(begun)):
        outcome = _from_columns(row["outcome"], row["failure"], row["status"])
        begun[row["message_id"]].append(PastTry(row["try_number"], outcome))
    answers = []
    for one in tries:
        is_new = (one.message_id, one.number) in own
        own.discard((one.message_id, one.number))
        answers.append([past for past in begun[one.message_id] if not (is_new and past.number == one.number)])
    return answers


def _as_columns(outcome: Outcome) -> tuple[str, str | None, str | None]:
    match outcome:
        case Sent(in_doubt=in_doubt):
            return "sent-again" if in_doubt else "sent", None, None
        case Failed(failure=failure, status=status):
            return "failed", failure.value, status
        case InDoubt():
            return "in-doubt", None, None
        case _:
            assert_never(outcome)


def _from_columns(kind: str | None, failure: str | None, status: str | None) -> Outcome | None:
    if kind is None:
        return None
    if failure is not None:
        return Failed(TryFailure(failure), status)
    return InDoubt() if kind == "in-doubt" else Sent(in_doubt=kind == "sent-again")
