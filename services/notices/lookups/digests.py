"""Sends the digest that was begun for somebody at the authority: one message for all that still stands (R29)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, assert_never
from uuid import UUID

import structlog

from services.notices.channels.outcome import Failed as ChannelFailed
from services.notices.channels.outcome import InDoubt
from services.notices.channels.outcome import Sent as ChannelSent
from services.notices.lookups.addressees import Addressees, Unreachable
from services.notices.lookups.owners import Owners
from services.notices.lookups.sending import Sender
from services.notices.lookups.wording import Due, Sendable, Wording
from services.notices.rules.case_decider import NOTICES, RecordOutcomes
from services.notices.rules.errors import UnfitValues
from services.notices.rules.phases import Followed, Matter
from services.notices.rules.reader import Reader, RecordDigest, RecordFailure
from services.notices.rules.texts import Text
from services.notices.rules.tries import Ended, Failed, Outcome, Sent
from shared.contracts.notices import Channel, TryFailure, Untold
from shared.eventstore.commands import Intent, read
from shared.eventstore.decider import TimerDue
from shared.eventstore.timers import Together
from shared.policy.policy import Policy
from shared.service import Runtime

_log = structlog.get_logger()
_AT_A_TIME = 8
"""Cases about which owners are asked side by side."""


@dataclass(frozen=True)
class Entry:
    """A matter that waited for the digest: its text, or why it is not told."""

    agreement_id: UUID
    matter_id: UUID
    text: Text | None
    why_not: Untold | None
    is_unfit: bool = False
    """Whether what its text needs is missing: it is tried again, as anything that fails for a time."""


class Digests:
    """What the timer of a reader looks up and does."""

    def __init__(self, runtime: Runtime, owners: Owners, sender: Sender, wording: Wording) -> None:
        self._policies, self._store = runtime.policies, runtime.store
        self._owners = owners
        self._sender = sender
        self._wording = wording
        self._addressees = Addressees(runtime.database, owners)
        self._free = asyncio.Semaphore(_AT_A_TIME)

    async def send(self, state: Any, timer: TimerDue) -> object:
        """Implements Lookup: sends the digest that was begun, and says of each of its matters what became of it."""
        if not isinstance(state, Reader) or state.begun is None:
            return timer
        policy = self._policies.at(timer.at)
        to = await self._addressees.reached(state.person_id)
        told = list(state.sending.items())
        if isinstance(to, Unreachable):
            entries = [Entry(case, matter, None, Untold.NO_ADDRESS) for matter, case in told]
            return _recorded(RecordDigest(timer.at, None), entries, None, timer.at, policy)
        entries = await asyncio.gather(
            *(self._entry(case, matter, state.person_id, timer.at, policy) for matter, case in told)
        )
        texts = [entry.text for entry in entries if entry.text is not None]
        if not texts:
            return _recorded(RecordDigest(timer.at, None), entries, None, timer.at, policy)
        made = self._wording.digest(texts, state.begun, to.email, timer.at)
        went = await self._sender.send(made.message, state.tries)
        return _after(went, state, entries, made, timer.at, policy)

    async def _entry(self, case: UUID, matter_id: UUID, person: str, at: datetime, policy: Policy) -> Entry:
        async with self._free:
            state = (await read(self._store, NOTICES, case)).state
            matter = state.open.get(matter_id) if isinstance(state, Followed) else None
            if not isinstance(state, Followed) or matter is None:
                return Entry(case, matter_id, None, None)  # it was settled meanwhile, as its case says
            if matter.raised.latest_at <= at:
                return Entry(case, matter_id, None, Untold.POINTLESS)
            return await self._worded(state, matter, at, policy)

    async def _worded(self, state: Followed, matter: Matter, at: datetime, policy: Policy) -> Entry:
        raised = matter.raised
        parties = await self._owners.parties(raised.agreement_id)
        if parties is None:
            return Entry(raised.agreement_id, raised.matter_id, None, Untold.CASE_ERASED)
        stands = await self._owners.matter(raised)
        if not stands.stands:
            return Entry(raised.agreement_id, raised.matter_id, None, Untold.SETTLED)
        try:
            text = self._wording.text(Due(state, raised, parties, stands, at, policy, None))
        except UnfitValues:  # its words name what was told, so they stay out of the log
            _log.error("notice_not_worded", occasion=raised.occasion, owner=raised.owner, case=str(raised.agreement_id))
            return Entry(raised.agreement_id, raised.matter_id, None, None, is_unfit=True)
        return Entry(raised.agreement_id, raised.matter_id, text, None)


def _after(
    went: ChannelSent | ChannelFailed | InDoubt,
    state: Reader,
    entries: Sequence[Entry],
    made: Sendable,
    at: datetime,
    policy: Policy,
) -> object:
    """Returns what is recorded of a digest that was tried."""
    command = RecordDigest(at, made.message.message_id)
    match went:
        case ChannelFailed():
            return RecordFailure(at, policy, went.failure)
        case ChannelSent():
            sent = _SentDigest(made.message.message_id, made.version, state.person_id)
            return _recorded(command, entries, sent, at, policy)
        case InDoubt():
            command = replace(command, in_doubt=True)
            return _recorded(command, [_doubted(entry) for entry in entries], None, at, policy)
        case _:
            assert_never(went)


@dataclass(frozen=True)
class _SentDigest:
    message_id: str
    version: str
    person: str


def _doubted(entry: Entry) -> Entry:
    why = entry.why_not if entry.text is None else Untold.IN_DOUBT
    return replace(entry, text=None, why_not=why)


def _recorded(
    command: RecordDigest, entries: Sequence[Entry], sent: _SentDigest | None, at: datetime, policy: Policy
) -> Together:
    """Returns the command of the reader with those of the cases, so that all are recorded in one append."""
    told: list[tuple[UUID, Outcome]] = []
    for entry in entries:
        if entry.text is not None and sent is not None:
            one = Sent(entry.matter_id, Channel.DIGEST, sent.message_id, sent.version, person=sent.person)
            told.append((entry.agreement_id, one))
        elif entry.is_unfit:
            told.append((entry.agreement_id, Failed(entry.matter_id, Channel.DIGEST, TryFailure.NOT_WORDED)))
        elif entry.why_not is not None:
            told.append((entry.agreement_id, Ended(entry.matter_id, entry.why_not)))
    by_case = groupby(sorted(told, key=lambda one: one[0]), key=lambda one: one[0])
    others = [
        Intent(NOTICES, case, RecordOutcomes(at, policy, tuple(outcome for _, outcome in outcomes)))
        for case, outcomes in by_case
    ]
    return Together(command, others)
