"""Tells what is due: asks whether it still stands, words it, sends it, and says what became of it (R28, R29)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

import structlog

from services.notices.channels.outcome import Failed as ChannelFailed
from services.notices.channels.outcome import InDoubt
from services.notices.channels.outcome import Sent as ChannelSent
from services.notices.lookups.addressees import Addressee, Addressees, AwayUntil, Erased, Unreachable
from services.notices.lookups.owners import Owners, Parties
from services.notices.lookups.sending import Sender
from services.notices.lookups.wording import Due, Wording
from services.notices.rules.case_decider import RecordOutcomes, due_matters
from services.notices.rules.errors import UnfitValues
from services.notices.rules.message import Message
from services.notices.rules.occasions import OCCASIONS
from services.notices.rules.phases import Followed, Matter
from services.notices.rules.reader import READER, AddEntries, Reader, reader_stream
from services.notices.rules.tries import Ended, Failed, Outcome, Postponed, Queued, Sent
from shared.contracts.notices import Channel, MatterRaised, TryFailure, Untold
from shared.eventstore.commands import Intent, read
from shared.eventstore.decider import TimerDue
from shared.eventstore.timers import Together
from shared.policy.policy import Policy
from shared.service import Runtime

_log = structlog.get_logger()


class Telling:
    """What the timer of a case looks up and does."""

    def __init__(self, runtime: Runtime, owners: Owners, sender: Sender, wording: Wording) -> None:
        self._policies, self._store = runtime.policies, runtime.store
        self._owners = owners
        self._sender = sender
        self._wording = wording
        self._addressees = Addressees(runtime.database, owners)

    async def tell(self, state: Any, timer: TimerDue) -> object:
        """Implements Lookup: tells every matter of the case that is due."""
        if not isinstance(state, Followed):
            return timer
        policy = self._policies.at(timer.at)
        due = due_matters(state, timer.due)
        told = await asyncio.gather(*(self._tell(state, matter, timer.at, policy) for matter in due))
        return Together(RecordOutcomes(timer.at, policy, told), _entries(state, told, timer.at, policy))

    async def _tell(self, state: Followed, matter: Matter, at: datetime, policy: Policy) -> Outcome:
        raised = matter.raised
        if raised.latest_at <= at:
            return Ended(raised.matter_id, Untold.POINTLESS)
        if raised.occasion in state.unwanted.get(raised.recipient, ()):
            return Ended(raised.matter_id, Untold.UNWANTED)
        if OCCASIONS[raised.occasion].waits_for_digest(raised.recipient):
            return await self._queue(state, matter, at, policy)
        parties = await self._owners.parties(raised.agreement_id)
        if parties is None:
            return Ended(raised.matter_id, Untold.CASE_ERASED)
        to = await self._reached(state, raised, parties, at, policy)
        match to:
            case Unreachable():
                return Ended(raised.matter_id, Untold.NO_ADDRESS)
            case Erased():
                return Ended(raised.matter_id, Untold.CASE_ERASED)
            case AwayUntil():
                return Postponed(raised.matter_id, to.at)
            case Addressee(person=person) if person is not None and await self._does_not_want(person, raised):
                return Ended(raised.matter_id, Untold.UNWANTED)
            case Addressee():
                return await self._send(state, matter, parties, to, at, policy)
            case _:
                assert_never(to)

    async def _reached(
        self, state: Followed, raised: MatterRaised, parties: Parties, at: datetime, policy: Policy
    ) -> Addressee | AwayUntil | Unreachable | Erased:
        """R15: who is away is told nevertheless where it would be pointless on the day of return."""
        to = await self._addressees.find(state, raised, parties, at, policy)
        if isinstance(to, AwayUntil) and to.at >= raised.latest_at:
            return await self._addressees.reached(state.inspector)
        return to

    async def _send(
        self, state: Followed, matter: Matter, parties: Parties, to: Addressee, at: datetime, policy: Policy
    ) -> Outcome:
        raised = matter.raised
        inspector = await self._owners.address(state.inspector)
        stands = await self._owners.matter(raised)  # last, so that nothing is told that was settled meanwhile
        if not stands.stands:
            return Ended(raised.matter_id, Untold.SETTLED)
        due = Due(state, raised, parties, stands, at, policy, None if inspector is None else inspector.name)
        try:
            text = self._wording.text(due)
        except UnfitValues:  # its words name what was told, so they stay out of the log
            _log.error("notice_not_worded", occasion=raised.occasion, owner=raised.owner, case=str(raised.agreement_id))
            return Failed(raised.matter_id, Channel.EMAIL, TryFailure.NOT_WORDED)
        message = self._wording.message(due, text, to.email)
        return _outcome(matter, to, message, text.version, await self._sender.send(message, matter.tries))

    async def _queue(self, state: Followed, matter: Matter, at: datetime, policy: Policy) -> Outcome:
        raised = matter.raised
        person = await self._addressees.person(state, raised, at, policy)
        if isinstance(person, AwayUntil):
            if person.at < raised.latest_at:
                return Postponed(raised.matter_id, person.at)
            person = state.inspector
        if await self._does_not_want(person, raised):
            return Ended(raised.matter_id, Untold.UNWANTED)
        return Queued(raised.matter_id, person)

    async def _does_not_want(self, person: str, raised: MatterRaised) -> bool:
        reader = (await read(self._store, READER, reader_stream(person))).state
        return isinstance(reader, Reader) and raised.occasion in reader.unwanted


def _entries(state: Followed, told: Sequence[Outcome], at: datetime, policy: Policy) -> list[Intent[Any, Any]]:
    """Returns one command for each person whose digest has more to tell: a stream is written once in an append."""
    waiting: dict[str, list[MatterRaised]] = {}
    for one in told:
        if isinstance(one, Queued):
            waiting.setdefault(one.person, []).append(state.open[one.matter_id].raised)
    case = state.followed.agreement_id
    return [
        Intent(READER, reader_stream(person), _added(at, policy, person, case, matters))
        for person, matters in waiting.items()
    ]


def _added(at: datetime, policy: Policy, person: str, case: UUID, matters: Sequence[MatterRaised]) -> AddEntries:
    latest_at = min(one.latest_at for one in matters)
    return AddEntries(at, policy, person, case, [one.matter_id for one in matters], latest_at)


def _outcome(
    matter: Matter, to: Addressee, message: Message, version: str, went: ChannelSent | ChannelFailed | InDoubt
) -> Outcome:
    matter_id = matter.raised.matter_id
    match went:
        case ChannelSent():
            return Sent(
                matter_id,
                Channel.EMAIL,
                message.message_id,
                version,
                in_doubt=went.in_doubt,
                contact_id=to.contact_id,
                person=to.person,
            )
        case ChannelFailed():
            return Failed(matter_id, Channel.EMAIL, went.failure, went.status)
        case InDoubt() if message.has_legal_effect:
            return Failed(matter_id, Channel.EMAIL, TryFailure.IN_DOUBT)
        case InDoubt():
            return Ended(matter_id, Untold.IN_DOUBT)
        case _:
            assert_never(went)
