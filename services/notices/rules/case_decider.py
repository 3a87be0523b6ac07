"""The notices of one agreement: which fact raises and ends what, and what became of each try (R15, R28, R29, R34)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import uuid5

from services.notices.rules.choices import refuse_unfit
from services.notices.rules.moments import not_at_night
from services.notices.rules.occasion import COMPANY, Given, OccasionRule, When, owner_of
from services.notices.rules.occasions import OCCASIONS
from services.notices.rules.phases import CHANGES_NOTHING, GIVEN_UP, Followed, Matter, State, Unfollowed, evolve
from services.notices.rules.tries import (
    Outcome,
    outcome,
)
from shared.contracts.notices import (
    AgreementFollowed,
    MatterEnded,
    MatterOwner,
    MatterRaised,
    MatterReopened,
    NoticeReturned,
    NoticesChosen,
    NoticesTakenOver,
    Occasion,
    Recipient,
    ResponsibleNoted,
    Untold,
)
from shared.contracts.public_forms import CaseTakenOver, InspectorChanged, OfferReassigned, OfferSent
from shared.contracts.vocabulary import ContactRole
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event
from shared.policy.policy import Policy


class NoticeTimer(StrEnum):
    """What falls due on the notices of an agreement."""

    TELL = "tell"


TELL = NoticeTimer.TELL
_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True)
class FollowAgreement:
    """Reaction: an agreement was offered."""

    at: datetime
    fact: OfferSent


@dataclass(frozen=True)
class TakeNote:
    """Reaction: something happened in the case that somebody may have to be told of."""

    at: datetime
    policy: Policy
    fact: Event
    recorded_at: datetime
    """When the fact was recorded: after downtime, and at the first start beside cases that run, long before `at`."""


@dataclass(frozen=True)
class NoteTakenOver:
    """Reaction: the case was history, and is taken over from a day on."""

    at: datetime
    fact: CaseTakenOver


@dataclass(frozen=True)
class RecordOutcomes:
    """What became of the matters that were due."""

    at: datetime
    policy: Policy
    outcomes: Sequence[Outcome]


@dataclass(frozen=True)
class NoteReturn:
    """R4: a report says that a message was not delivered."""

    at: datetime
    policy: Policy
    message_id: str
    status: str


@dataclass(frozen=True)
class ChooseNotices:
    """R29, R34: a company chooses what the contact in a role is not told of."""

    at: datetime
    by: str
    role: ContactRole
    unwanted: tuple[Occasion, ...]


@dataclass(frozen=True)
class ReopenMatters:
    """R29: an operator has told what was given up, as after the mail server was away for days."""

    at: datetime
    policy: Policy
    by: str


Command = (
    FollowAgreement | ChooseNotices | TakeNote | NoteTakenOver | RecordOutcomes | NoteReturn | ReopenMatters | TimerDue
)


def decide(state: State, command: Command) -> Sequence[Event]:
    """Decides what is raised, ended and recorded. Refuses only what somebody chooses."""
    match command:
        case FollowAgreement():
            return _follow(state, command)
        case TakeNote():
            return _take_note(state, command)
        case NoteTakenOver():
            return _take_over(state, command)
        case RecordOutcomes():
            return _record(state, command)
        case NoteReturn():
            return _note_return(state, command)
        case ChooseNotices():
            return _choose(state, command)
        case ReopenMatters():
            return _reopen(state, command)
        case TimerDue():
            return ()  # RecordOutcomes falls due instead, with what was looked up.
        case _:
            assert_never(command)


def _follow(state: State, command: FollowAgreement) -> Sequence[Event]:
    if isinstance(state, Followed):
        return ()
    fact = command.fact
    return (
        AgreementFollowed(
            agreement_id=fact.agreement_id,
            cvr=fact.cvr,
            p_number=fact.p_number,
            topic=fact.topic,
            kind=fact.kind,
            inspector=fact.inspector,
            followed_at=command.at,
        ),
    )


def _take_note(state: State, command: TakeNote) -> Sequence[Event]:
    """R29: ends what the fact makes superfluous, and raises what it calls for."""
    if isinstance(state, Unfollowed):
        return ()
    facts: list[Event] = []
    fact = command.fact
    if isinstance(fact, InspectorChanged | OfferReassigned):
        facts.append(
            ResponsibleNoted(agreement_id=state.followed.agreement_id, inspector=fact.inspector, noted_at=command.at)
        )
    given = _given(state, command.recorded_at, command.policy)
    for rule in OCCASIONS.values():
        facts += _ended_by(state, rule, fact, command.at)
    for rule in OCCASIONS.values():
        facts += _raised_by(state, rule, fact, given, command.at)
    return facts


def _take_over(state: State, command: NoteTakenOver) -> Sequence[Event]:
    """R30: nobody is told of what was due before the case was taken over."""
    if isinstance(state, Unfollowed):
        return ()
    live_from = command.fact.live_from
    over = (matter for matter in state.open.values() if matter.next_at is not None and matter.next_at < live_from)
    taken_over = NoticesTakenOver(agreement_id=state.followed.agreement_id, live_from=live_from)
    return (taken_over, *(_ended(matter, Untold.POINTLESS, command.at) for matter in over))


def _given(state: Followed, at: datetime, policy: Policy) -> Given:
    return Given(at, policy, state.followed.topic, state.followed.kind)


def _ended_by(state: Followed, rule: OccasionRule, fact: Event, at: datetime) -> Iterator[Event]:
    ends = rule.ended_by.get(type(fact))
    for matter in state.open.values():
        if ends is not None and matter.raised.occasion is rule.occasion and ends(fact, matter.raised.about):
            yield _ended(matter, Untold.SETTLED, at)


def _raised_by(state: Followed, rule: OccasionRule, fact: Event, given: Given, at: datetime) -> Iterator[Event]:
    raises = rule.raised_by.get(type(fact))
    if raises is None or not _is_news(state, rule):
        return
    for when in raises(fact, given):
        for recipient in rule.recipients if when.only is None else (when.only,):
            owner = owner_of(type(fact))
            yield from raise_matter(state, rule.occasion, recipient, owner, when, at, given.policy)


def _is_news(state: Followed, rule: OccasionRule) -> bool:
    """R34: who is named before the offer can be read is told of the offer itself."""
    return rule.occasion is not Occasion.CONTACT_NAMED or Occasion.OFFER_WAITING in state.occasions


def raise_matter(
    state: Followed,
    occasion: Occasion,
    recipient: Recipient,
    owner: MatterOwner,
    when: When,
    at: datetime,
    policy: Policy,
) -> Iterator[Event]:
    """R28, R29: raises a matter once. One about the same that is not told yet is overtaken."""
    due_at = _by_day(occasion, recipient, max(when.due_at, at), when.latest_at, policy)
    agreement_id = state.followed.agreement_id
    matter_id = uuid5(agreement_id, f"{occasion}/{recipient}/{when.about}/{when.due_at.isoformat()}")
    if matter_id in state.raised:
        return
    for matter in state.open.values():
        told = matter.raised
        if (told.occasion, told.recipient, told.about) == (occasion, recipient, when.about):
            yield _ended(matter, Untold.OVERTAKEN, at)
    raised = MatterRaised(
        agreement_id=agreement_id,
        matter_id=matter_id,
        occasion=occasion,
        recipient=recipient,
        owner=owner,
        about=when.about,
        due_at=due_at,
        latest_at=when.latest_at,
        person=when.person,
        code=when.code,
        raised_at=at,
    )
    yield raised
    if when.latest_at <= at:
        yield MatterEnded(agreement_id=agreement_id, matter_id=matter_id, why=Untold.POINTLESS, ended_at=at)


def _ended(matter: Matter, why: Untold, at: datetime) -> MatterEnded:
    raised = matter.raised
    return MatterEnded(agreement_id=raised.agreement_id, matter_id=raised.matter_id, why=why, ended_at=at)


def _record(state: State, command: RecordOutcomes) -> Sequence[Event]:
    """R29: records what became of each matter; one that is not open any more keeps what stands."""
    if isinstance(state, Unfollowed):
        return ()
    facts: list[Event] = []
    for one in command.outcomes:
        matter = state.open.get(one.matter_id)
        if matter is None:
            continue
        became = tuple(outcome(matter, one, command.at, command.policy))
        facts += became
        if matter.raised.recipient in COMPANY and any(map(_could_not_be_told, became)):
            facts += _lacks_address(state, matter.raised.recipient, command.at, command.policy)
    return facts


def _could_not_be_told(event: Event) -> bool:
    """R4, R34: somebody has no address, or none that works."""
    return isinstance(event, MatterEnded) and event.why in GIVEN_UP


def _lacks_address(state: Followed, role: Recipient, at: datetime, policy: Policy) -> Iterator[Event]:
    """R5, R34: the inspector is told once of each role, and asks for another contact."""
    # Later than what is recorded now: a timer fires once at an instant.
    when = _given(state, at + _NEXT, policy).at_once(about=role.value, code=role.value)
    if role not in state.unreachable:
        yield from raise_matter(
            state, Occasion.CONTACT_LACKS_ADDRESS, Recipient.INSPECTOR, MatterOwner.OFFERS, when, at, policy
        )


def _note_return(state: State, command: NoteReturn) -> Sequence[Event]:
    """R4: records once that a message came back, and tells the inspector. No deadline depends on it."""
    if isinstance(state, Unfollowed) or command.message_id not in state.sent.keys() - state.returned:
        return ()
    raised = state.sent[command.message_id]
    returned = NoticeReturned(
        agreement_id=raised.agreement_id,
        matter_id=raised.matter_id,
        message_id=command.message_id,
        status=command.status,
        returned_at=command.at,
    )
    return returned, *_address_fails(state, raised, command)


def _address_fails(state: Followed, raised: MatterRaised, command: NoteReturn) -> Iterator[Event]:
    if raised.recipient in COMPANY:
        yield from _lacks_address(state, raised.recipient, command.at, command.policy)


def _choose(state: State, command: ChooseNotices) -> Sequence[Event]:
    recipient = Recipient(command.role.value)
    refuse_unfit(command.unwanted, {recipient})
    if isinstance(state, Unfollowed) or state.unwanted.get(recipient, frozenset()) == {*command.unwanted}:
        return ()
    return (
        NoticesChosen(
            agreement_id=state.followed.agreement_id,
            role=command.role,
            unwanted=command.unwanted,
            chosen_by=command.by,
            chosen_at=command.at,
        ),
    )


def _reopen(state: State, command: ReopenMatters) -> Sequence[Event]:
    """R29: has told what was given up and still helps. Its owner is asked before, as always."""
    if isinstance(state, Unfollowed):
        return ()
    at = command.at + _NEXT  # a timer fires once at an instant
    return [
        MatterReopened(
            agreement_id=state.followed.agreement_id,
            matter_id=matter.raised.matter_id,
            due_at=_by_day(
                matter.raised.occasion, matter.raised.recipient, at, matter.raised.latest_at, command.policy
            ),
            reopened_by=command.by,
            reopened_at=command.at,
        )
        for matter in state.given_up.values()
        if at < matter.raised.latest_at
    ]


def _by_day(
    occasion: Occasion, recipient: Recipient, due_at: datetime, latest_at: datetime, policy: Policy
) -> datetime:
    if OCCASIONS[occasion].waits_for_digest(recipient):
        return due_at
    return not_at_night(due_at, latest_at, policy)


def timers(state: State) -> dict[str, datetime]:
    """R28: returns when the next matter is told."""
    if isinstance(state, Unfollowed):
        return {}
    due = [matter.next_at for matter in state.open.values() if matter.next_at is not None]
    return {TELL: min(due)} if due else {}


def due_matters(state: Followed, until: datetime) -> list[Matter]:
    """R28: returns the matters that are due, in the order in which they fell due."""
    due = [matter for matter in state.open.values() if matter.next_at is not None and matter.next_at <= until]
    return sorted(due, key=lambda matter: (matter.raised.due_at, matter.raised.matter_id))


def concerns(state: State) -> dict[str, str]:
    """Returns the legal entity and the unit."""
    if isinstance(state, Unfollowed):
        return {}
    return {"cvr": state.followed.cvr, "pnumber": state.followed.p_number}


def responsible(state: State) -> str | None:
    """R15: returns the responsible inspector."""
    return None if isinstance(state, Unfollowed) else state.inspector


NOTICES: Decider[State, Command] = Decider(
    name="notices",
    initial=Unfollowed(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    concerns=concerns,
    responsible=responsible,
    changes_nothing=CHANGES_NOTHING,
    of_a_case=True,
)
