"""Reactions of guidance to facts of offers and control: open, schedule, note a turned control, cancel, close."""

from collections.abc import Callable
from typing import Any

from services.guidance.rules.appointments import NoteLostPlace
from services.guidance.rules.guidance_decider import GUIDANCE, Command
from services.guidance.rules.meetings import NoteTurnedControl
from services.guidance.rules.schedule import CloseGuidance, NoteInspector, NoteTakenOver, OpenGuidance, ScheduleGuidance
from shared.contracts.control import Breached, ComplianceDeadlineSet, Fulfilled, MeetingPlaceLost
from shared.contracts.offers import AcceptanceAnnulled, Declined, Lapsed
from shared.contracts.public_forms import (
    CaseTakenOver,
    ComplianceDeadlineRecounted,
    ControlTurnedIntoGuidance,
    ExtensionGranted,
    InspectorChanged,
    OfferReassigned,
    OfferSent,
    Terminated,
    Withdrawn,
)
from shared.eventstore.commands import Intent
from shared.eventstore.events import Event
from shared.messaging.reactor import React, Reaction, Reactions
from shared.messaging.received_fact import ReceivedFact
from shared.service import Runtime

_ENDS: tuple[type[Event], ...] = (Declined, Lapsed, Withdrawn, AcceptanceAnnulled, Terminated, Fulfilled, Breached)
"""Facts that close guidance. Revoking such a decision does not reopen it; contacts are still recorded (R30)."""


def reactions(runtime: Runtime) -> Reactions:
    """Returns the reaction to each type of fact."""

    def reacting(command: Callable[[Any], Command]) -> React:
        async def react(received: ReceivedFact) -> Reaction:
            fact: Any = received.event
            return Reaction([Intent(GUIDANCE, fact.agreement_id, command(fact))])

        return react

    def schedule(fact: ComplianceDeadlineSet | ComplianceDeadlineRecounted | ExtensionGranted) -> Command:
        """R12, R13, R27: schedules guidance by the policy of the day on which the period began."""
        return ScheduleGuidance(
            at=runtime.clock.now(),
            policy=runtime.policies.at(fact.accepted_at),
            agreement_id=fact.agreement_id,
            accepted_at=fact.accepted_at,
            compliance_deadline=fact.compliance_deadline,
            inspector=fact.inspector,
            cvr=getattr(fact, "cvr", None),
            p_number=getattr(fact, "p_number", None),
        )

    def close(fact: Any) -> Command:
        return CloseGuidance(at=runtime.clock.now(), agreement_id=fact.agreement_id)

    def another_inspector(fact: InspectorChanged | OfferReassigned) -> Command:
        return NoteInspector(at=runtime.clock.now(), inspector=fact.inspector)

    return {
        OfferSent: reacting(lambda fact: OpenGuidance(at=runtime.clock.now(), fact=fact)),
        CaseTakenOver: reacting(lambda fact: NoteTakenOver(fact.agreement_id, fact.live_from)),
        OfferReassigned: reacting(another_inspector),
        InspectorChanged: reacting(another_inspector),
        ComplianceDeadlineSet: reacting(schedule),
        ExtensionGranted: reacting(schedule),
        ComplianceDeadlineRecounted: reacting(schedule),
        ControlTurnedIntoGuidance: reacting(lambda fact: NoteTurnedControl(at=runtime.clock.now(), fact=fact)),
        MeetingPlaceLost: reacting(lambda fact: NoteLostPlace(runtime.clock.now(), fact.meeting_id)),
        **dict.fromkeys(_ENDS, reacting(close)),
    }
