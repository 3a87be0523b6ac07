"""Reactions of offers to facts of control: quarantines, overtaken offers, ended agreements, inspectors, violations."""

from datetime import datetime
from typing import Any
from uuid import uuid5

from services.offers.lookups.cases_at_units import owners_for
from services.offers.lookups.open_offers import acceptances_overtaken_by, all_free, within_reach
from services.offers.lookups.preconditions import as_it_stands
from services.offers.rules.agreement_ends import NoteEnd, NoteRevokedDecision
from services.offers.rules.offer_decider import OFFER, reservations
from services.offers.rules.phases import Ended, Running
from services.offers.rules.quarantine import (
    QUARANTINE,
    Impose,
    Revoke,
    legal_entity_stream,
    reaches,
    stream_of,
    unit_stream,
)
from services.offers.rules.responsible_inspector import NoteInspector
from services.offers.rules.unit_changes import units_of
from services.offers.rules.violations_pending_decision import NoteViolation
from services.offers.rules.withdrawal import NoteBreach, NoteMistakenBreach
from shared.contracts.control import Breached, Fulfilled
from shared.contracts.public_forms import (
    ControlCompleted,
    ControlCorrected,
    DecisionRevoked,
    InspectorChanged,
    Terminated,
)
from shared.contracts.vocabulary import ControlOutcome, Decision
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from shared.messaging.reactor import Reaction, Reactions
from shared.messaging.received_fact import ReceivedFact
from shared.service import Runtime


def reactions(runtime: Runtime) -> Reactions:
    """Returns the reaction to each type of fact."""

    async def fulfilled(received: ReceivedFact) -> Reaction:
        fact = received.event
        assert isinstance(fact, Fulfilled)
        return Reaction([Intent(OFFER, fact.agreement_id, NoteEnd(runtime.clock.now(), "fulfilled"))])

    async def terminated(received: ReceivedFact) -> Reaction:
        fact = received.event
        assert isinstance(fact, Terminated)
        return Reaction([Intent(OFFER, fact.agreement_id, NoteEnd(runtime.clock.now(), "terminated"))])

    async def controlled(received: ReceivedFact) -> Reaction:
        """R14, R30: notes whether a control has found a violation at a place; a correction replaces the outcome."""
        fact = received.event
        assert isinstance(fact, ControlCompleted | ControlCorrected)
        place = fact.place_id or fact.agreement_id
        noted = NoteViolation(runtime.clock.now(), place, found=fact.outcome is ControlOutcome.VIOLATION)
        return Reaction([Intent(OFFER, fact.agreement_id, noted)])

    async def another_inspector(received: ReceivedFact) -> Reaction:
        fact = received.event
        assert isinstance(fact, InspectorChanged)
        return Reaction([Intent(OFFER, fact.agreement_id, NoteInspector(runtime.clock.now(), fact.inspector))])

    async def breached(received: ReceivedFact) -> Reaction:
        """R8, R22: records the quarantines first, then the breach on each open case within their reach.

        An offer that is made or accepted meanwhile depends on the registers and is decided again; one that was recorded
        before is found here.
        """
        fact = received.event
        assert isinstance(fact, Breached)
        now = runtime.clock.now()
        imposed = reaches(fact.cvr, fact.breached_units, fact.breached_at, runtime.policies)
        await _record_first(
            runtime,
            received,
            [Intent(QUARANTINE, stream_of(reach), Impose(now, fact.agreement_id, reach)) for reach in imposed],
            policy=runtime.policies.at(fact.breached_at).version,
        )
        overtaken = await within_reach(runtime.database, fact.cvr, {reach.p_number for reach in imposed})
        policy = runtime.policies.at(fact.breached_at)
        overtake = NoteBreach(now, fact.agreement_id, fact.cvr, fact.breached_at, policy, tuple(imposed))
        return Reaction(
            [
                Intent(OFFER, fact.agreement_id, NoteEnd(now, "breached")),
                *(Intent(OFFER, stream, overtake) for stream in overtaken if stream != fact.agreement_id),
            ]
        )

    async def revoked(received: ReceivedFact) -> Reaction:
        """R30: records that the agreement runs again, and ends a quarantine that rested on a mistake."""
        fact = received.event
        assert isinstance(fact, DecisionRevoked)
        now = runtime.clock.now()
        intents: list[Intent[Any, Any]] = [
            Intent(OFFER, fact.agreement_id, await _revoked_decision(runtime, fact, now))
        ]
        if fact.decision is Decision.BREACHED:
            registers = [legal_entity_stream(fact.cvr), *map(unit_stream, fact.breached_units)]
            intents += [Intent(QUARANTINE, register, Revoke(now, fact.agreement_id)) for register in registers]
            mistaken = NoteMistakenBreach(now, fact.agreement_id)
            conflicting = await acceptances_overtaken_by(runtime.database, fact.agreement_id)
            intents += [Intent(OFFER, stream, mistaken) for stream in conflicting]
        return Reaction(intents)

    return {
        Fulfilled: fulfilled,
        Terminated: terminated,
        ControlCompleted: controlled,
        ControlCorrected: controlled,
        InspectorChanged: another_inspector,
        Breached: breached,
        DecisionRevoked: revoked,
    }


async def _record_first(runtime: Runtime, received: ReceivedFact, intents: list[Intent[Any, Any]], policy: str) -> None:
    """Records commands in their own transaction, before the fact counts as processed; a repeat changes nothing."""
    message = received.message
    metadata = Metadata(
        command_id=uuid5(message.event_id, f"{runtime.name}/first"),
        actor=runtime.name,
        causation=f"{message.source}/{message.stream}/{message.version}",
        policy=policy,
        origin=message.origin,
    )
    await execute(runtime.store, intents, at=runtime.clock.now(), metadata=metadata)


async def _revoked_decision(runtime: Runtime, fact: DecisionRevoked, now: datetime) -> NoteRevokedDecision:
    """R8, R40: builds the command, with whether its slots are still free and what became of its units."""
    state = await as_it_stands(runtime, fact.agreement_id)
    if not isinstance(state, Ended) or state.accepted is None:
        return NoteRevokedDecision(now, free=False)
    again = Running(state.sent, state.about, state.accepted)
    async with runtime.database.acquire() as connection:
        free = await all_free(connection, reservations(again), fact.agreement_id)
    return NoteRevokedDecision(now, free, await owners_for(runtime, units_of(again)))
