"""Reactions of notices: every fact of a case may be one that somebody has to be told of (R29)."""

from datetime import datetime
from typing import Any

from services.notices.rules.case_decider import NOTICES, FollowAgreement, NoteTakenOver, TakeNote
from services.notices.rules.occasions import OCCASIONS
from shared.contracts.public_forms import CaseTakenOver, InspectorChanged, OfferReassigned, OfferSent
from shared.deadlines.effective_time import held_from
from shared.eventstore.commands import Intent
from shared.eventstore.events import Origin
from shared.messaging.reactor import Reaction, Reactions
from shared.messaging.received_fact import ReceivedFact
from shared.service import Runtime


def reactions(runtime: Runtime) -> Reactions:
    """Returns the reaction to each type of fact that some occasion is raised or ended by."""

    async def follow(received: ReceivedFact) -> Reaction:
        fact: Any = received.event
        return Reaction([Intent(NOTICES, fact.agreement_id, FollowAgreement(_noted_at(received), fact))])

    async def take_note(received: ReceivedFact) -> Reaction:
        fact: Any = received.event
        at = _noted_at(received)
        recorded_at = min(at, received.message.occurred_at)
        command = TakeNote(at, runtime.policies.at(at), fact, recorded_at)
        return Reaction([Intent(NOTICES, fact.agreement_id, command)])

    async def take_over(received: ReceivedFact) -> Reaction:
        fact: Any = received.event
        return Reaction([Intent(NOTICES, fact.agreement_id, NoteTakenOver(runtime.clock.now(), fact))])

    def _noted_at(received: ReceivedFact) -> datetime:
        """R30: what happened in history was due then, so that nobody is told of it after a take-over."""
        message, event = received
        if event is None or message.origin is Origin.LIVE:
            return runtime.clock.now()
        return held_from(event, message.occurred_at) or message.occurred_at

    noted = {fact for rule in OCCASIONS.values() for fact in (*rule.raised_by, *rule.ended_by)}
    return {
        OfferSent: follow,
        CaseTakenOver: take_over,
        **dict.fromkeys((InspectorChanged, OfferReassigned, *noted), take_note),
    }
