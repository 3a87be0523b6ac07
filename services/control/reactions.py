"""Reactions of control to facts of other services: courses, meetings and their places, orders and their ends.

Whatever may be in conflict is recorded before conflicts are looked for (lookups/conflicts.py).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, assert_never
from uuid import uuid5

from services.control.lookups.conflicts import in_conflict_with, look_into, running_on
from services.control.lookups.holding_places import taking
from services.control.lookups.retrying_on_conflicts import retry_on_conflicts
from services.control.planning.lookups.looks_at_windows import begin_looks
from services.control.planning.rules.holds import HOLD, ReleasePlaces
from services.control.rules.after_offer_not_accepted import NoteNotAccepted
from services.control.rules.course_decider import COURSE, Command
from services.control.rules.order_requests import NoteOrderIssued
from services.control.rules.orders_on_topics import ORDER, NoteOrder, NoteOrderEnded, order_stream
from services.control.rules.phases import Running
from services.control.rules.start_of_agreement import NoteTakenOver, StartCourse
from services.control.rules.termination import NoteAnnulment, NoteCarriedOver
from services.control.rules.turned_into_control import NoteMeeting
from services.control.rules.unit_changes import NoteUnitChange
from shared.contracts.guidance import GuidanceMeetingBooked, MeetingTimesExpired
from shared.contracts.offers import (
    AcceptanceAnnulled,
    AgreementEndNoted,
    Declined,
    Lapsed,
    PlaceTakenNoted,
    UnitChangeNoted,
)
from shared.contracts.orders import OrderCompliedWith, OrderIssued, OrderRevoked
from shared.contracts.public_forms import (
    Accepted,
    CaseTakenOver,
    GuidanceHeld,
    GuidanceMeetingCancelled,
    MeetingCorrected,
)
from shared.contracts.vocabulary import HoldEnd
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata, Origin
from shared.messaging.reactor import React, Reaction, Reactions
from shared.messaging.received_fact import ReceivedFact
from shared.service import Runtime


def reactions(runtime: Runtime) -> Reactions:
    """Returns the reaction to each type of fact."""

    def reacting(command: Callable[[Any], Command | None]) -> React:
        async def react(received: ReceivedFact) -> Reaction:
            fact: Any = received.event
            wanted = command(fact)
            return Reaction() if wanted is None else Reaction([Intent(COURSE, fact.agreement_id, wanted)])

        return react

    async def record(received: ReceivedFact, *intents: Intent[Any, Any]) -> None:
        """Records commands in their own transaction, before the fact counts as processed; a repeat changes nothing."""
        metadata = _caused_by(runtime, received)
        policy = getattr(intents[0].command, "policy", None)
        named = replace(metadata, command_id=uuid5(metadata.command_id, "first"), policy=policy and policy.version)
        await execute(runtime.store, intents, at=runtime.clock.now(), metadata=named)

    async def accepted(received: ReceivedFact) -> Reaction:
        """R19: starts a course with a random order of the places, so that nobody can predict or steer which are drawn.

        R40: if an agreement is carried over, the former owner's course ends in the same transaction. Of a case that is
        history no window is looked at.
        """
        fact = received.event
        assert isinstance(fact, Accepted)
        now = runtime.clock.now()
        carried, ends = await _carried_over(runtime, fact)
        named = [place.place_id for place in fact.places[1:]]
        drawn = tuple(runtime.random_source.sample(named, len(named)))
        policy = runtime.policies.at(fact.accepted_at)
        start = StartCourse(at=now, policy=policy, fact=fact, drawn=drawn, carried=carried)
        looks = begin_looks(now, policy) if received.message.origin is Origin.LIVE else []
        await record(received, Intent(COURSE, fact.agreement_id, start), *ends, *looks)
        return await changed(received)

    async def taken_over(received: ReceivedFact) -> Reaction:
        """R17, R28, R41: lets a course that was history go on: its windows and conflicts are looked at from now on."""
        fact = received.event
        assert isinstance(fact, CaseTakenOver)
        now = runtime.clock.now()
        noted = NoteTakenOver(fact.agreement_id, fact.live_from)
        looks = begin_looks(now, runtime.policies.at(now))
        await record(received, Intent(COURSE, fact.agreement_id, noted), *looks)
        return await changed(received)

    async def annulled(received: ReceivedFact) -> Reaction:
        fact: Any = received.event
        await record(received, Intent(COURSE, fact.agreement_id, NoteAnnulment(runtime.clock.now())))
        return await changed(received)

    async def changed(received: ReceivedFact) -> Reaction:
        """R41: looks for conflicts after an agreement has started, resumed or ended."""
        fact: Any = received.event
        await look_into(runtime, [fact.agreement_id], _caused_by(runtime, received))
        return Reaction()

    async def issued(received: ReceivedFact) -> Reaction:
        """R25: records an order on its agreement, if it has one. R41: looks for conflicts if it has a topic."""
        fact = received.event
        assert isinstance(fact, OrderIssued)
        now = runtime.clock.now()
        if fact.topic is not None:
            noted = NoteOrder(now, fact.case_id, fact.cvr, fact.p_number, fact.topic, fact.issued_on)
            await record(received, Intent(ORDER, order_stream(fact.case_id), noted))
            running = await running_on(runtime, fact.p_number, fact.topic)
            await look_into(runtime, running, _caused_by(runtime, received))
        if fact.agreement_id is None:
            return Reaction()
        follows = NoteOrderIssued(now, fact.request_id, fact.case_id, fact.p_number)
        return Reaction([Intent(COURSE, fact.agreement_id, follows)])

    async def order_ended(received: ReceivedFact) -> Reaction:
        """R41: records the end of an order, and with it the end of its conflicts."""
        fact = received.event
        assert isinstance(fact, OrderRevoked | OrderCompliedWith)
        on = fact.revoked_on if isinstance(fact, OrderRevoked) else fact.complied_on
        await record(
            received, Intent(ORDER, order_stream(fact.case_id), NoteOrderEnded(runtime.clock.now(), fact.case_id, on))
        )
        conflicting = await in_conflict_with(runtime, fact.case_id)
        await look_into(runtime, conflicting, _caused_by(runtime, received))
        return Reaction()

    def not_accepted(fact: Declined | Lapsed) -> Command | None:
        """R7: notes an offer that was not accepted, except for facts of the first release, which lack its terms."""
        if fact.offer is None:
            return None
        now = runtime.clock.now()
        match fact:
            case Declined():
                how = "declined"
            case Lapsed():
                how = "lapsed"
            case _:
                assert_never(fact)
        return NoteNotAccepted(now, runtime.policies.at(now), fact.agreement_id, how, fact.offer)

    def meeting(fact: GuidanceHeld) -> Command | None:
        """R21: notes a meeting; one that was a control before is not turned back into a control."""
        if fact.from_control is not None:
            return None
        return NoteMeeting(fact.meeting_id, fact.form, fact.held_at)

    async def held(received: ReceivedFact) -> Reaction:
        """R12, R21: notes a meeting on the agreement, and releases its place in the calendar if it had one."""
        fact = received.event
        assert isinstance(fact, GuidanceHeld)
        released = Intent(HOLD, fact.meeting_id, ReleasePlaces(runtime.clock.now(), HoldEnd.MEETING_HELD))
        noted = meeting(fact)
        return Reaction([released] if noted is None else [Intent(COURSE, fact.agreement_id, noted), released])

    async def meeting_booked(received: ReceivedFact) -> Reaction:
        """R12, R15: gives a meeting its place before the fact counts as processed; others may want the same place.

        A meeting of a case that is history takes no place.
        """
        fact = received.event
        assert isinstance(fact, GuidanceMeetingBooked)
        if received.message.origin is not Origin.LIVE:
            return Reaction()

        async def take() -> None:
            await record(received, *await taking(runtime, fact))

        await retry_on_conflicts(take)
        return Reaction()

    async def meeting_cancelled(received: ReceivedFact) -> Reaction:
        """R12: releases the places that were kept free, or the one that was booked."""
        fact: Any = received.event
        why = HoldEnd.EXPIRED if isinstance(fact, MeetingTimesExpired) else HoldEnd.CANCELLED
        return Reaction([Intent(HOLD, fact.meeting_id, ReleasePlaces(runtime.clock.now(), why))])

    return {
        Accepted: accepted,
        CaseTakenOver: taken_over,
        Declined: reacting(not_accepted),
        Lapsed: reacting(not_accepted),
        AcceptanceAnnulled: annulled,
        UnitChangeNoted: reacting(lambda fact: NoteUnitChange(runtime.clock.now(), fact)),
        AgreementEndNoted: changed,
        PlaceTakenNoted: changed,
        GuidanceHeld: held,
        GuidanceMeetingBooked: meeting_booked,
        GuidanceMeetingCancelled: meeting_cancelled,
        MeetingTimesExpired: meeting_cancelled,
        MeetingCorrected: reacting(lambda fact: NoteMeeting(fact.meeting_id, fact.form, fact.held_at)),
        OrderIssued: issued,
        OrderCompliedWith: order_ended,
        OrderRevoked: order_ended,
    }


async def _carried_over(runtime: Runtime, fact: Accepted) -> tuple[Running | None, list[Intent[Any, Any]]]:
    """R40: returns the course that goes on in another case, and the command that ends it; nothing if none runs."""
    if fact.carries_over is None:
        return None, []
    state = (await read(runtime.store, COURSE, fact.carries_over)).state
    if not isinstance(state, Running):
        return None, []
    ended = NoteCarriedOver(runtime.clock.now(), fact.agreement_id)
    return state, [Intent(COURSE, fact.carries_over, ended)]


def _caused_by(runtime: Runtime, received: ReceivedFact) -> Metadata:
    """R30: returns the metadata of commands that the fact causes in addition to the reaction itself."""
    message = received.message
    return Metadata(
        command_id=uuid5(message.event_id, f"{runtime.name}/beside"),
        actor=runtime.name,
        causation=f"{message.source}/{message.stream}/{message.version}",
        origin=message.origin,
    )
