"""What control does about facts of others: an answer starts a course, a meeting is noted, an order is issued."""

from collections.abc import Callable
from typing import Any, assert_never

from services.control.rules.after_no import NoteNotAccepted
from services.control.rules.course_decider import COURSE, Command
from services.control.rules.order_requests import NoteOrderIssued
from services.control.rules.phases import Running
from services.control.rules.starting import StartCourse
from services.control.rules.termination import NoteAnnulment, NoteCarriedOver
from services.control.rules.turned_into_control import NoteMeeting
from services.control.rules.unit_changes import NoteUnitChange
from shared.contracts.offers import AcceptanceAnnulled, Declined, Lapsed, UnitChangeNoted
from shared.contracts.orders import OrderIssued
from shared.contracts.public_forms import Accepted, GuidanceHeld, MeetingCorrected
from shared.eventstore.commands import Intent, read
from shared.messaging.reactor import React, Reaction, Reactions
from shared.messaging.received import Received
from shared.service import Runtime


def reactions(runtime: Runtime) -> Reactions:
    """By the class of the fact."""

    def reacting(command: Callable[[Any], Command | None]) -> React:
        async def react(received: Received) -> Reaction:
            fact: Any = received.event
            wanted = command(fact)
            return Reaction() if wanted is None else Reaction([Intent(COURSE, fact.agreement_id, wanted)])

        return react

    async def accepted(received: Received) -> Reaction:
        """R19: nobody can compute which places are drawn, nor steer it by what is named, or in which order.

        R40: with an agreement that is carried over, the former owner's ends in the same change.
        """
        fact = received.event
        assert isinstance(fact, Accepted)
        now = runtime.clock.now()
        carried, ends = await _carried_over(runtime, fact)
        named = [place.place_id for place in fact.places[1:]]
        drawn = tuple(runtime.chance.sample(named, len(named)))
        policy = runtime.policies.at(fact.accepted_at)
        start = StartCourse(at=now, policy=policy, fact=fact, drawn=drawn, carried=carried)
        return Reaction([Intent(COURSE, fact.agreement_id, start), *ends])

    def not_accepted(fact: Declined | Lapsed) -> Command | None:
        """R7: facts of the first release do not say what was offered; there the task alone remains."""
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
        """R21: a control that was turned into guidance is not turned back."""
        if fact.from_control is not None:
            return None
        return NoteMeeting(fact.meeting_id, fact.form, fact.held_at)

    def order_issued(fact: OrderIssued) -> Command | None:
        """R25: one that follows from an agreement of ours."""
        if fact.agreement_id is None:
            return None
        return NoteOrderIssued(runtime.clock.now(), fact.request_id, fact.case_id, fact.p_number)

    return {
        Accepted: accepted,
        Declined: reacting(not_accepted),
        Lapsed: reacting(not_accepted),
        AcceptanceAnnulled: reacting(lambda fact: NoteAnnulment(runtime.clock.now())),
        UnitChangeNoted: reacting(lambda fact: NoteUnitChange(runtime.clock.now(), fact)),
        GuidanceHeld: reacting(meeting),
        MeetingCorrected: reacting(lambda fact: NoteMeeting(fact.meeting_id, fact.form, fact.held_at)),
        OrderIssued: reacting(order_issued),
    }


async def _carried_over(runtime: Runtime, fact: Accepted) -> tuple[Running | None, list[Intent[Any, Any]]]:
    """R40: the course that goes on in another case, and how it ends; nothing where none does, or it has ended."""
    if fact.carries_over is None:
        return None, []
    state = (await read(runtime.store, COURSE, fact.carries_over)).state
    if not isinstance(state, Running):
        return None, []
    ended = NoteCarriedOver(runtime.clock.now(), fact.agreement_id)
    return state, [Intent(COURSE, fact.carries_over, ended)]
