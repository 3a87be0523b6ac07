"""The company's answer to an offer (R6, R7, R8, R10)."""

from asyncio import gather
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.offers.lookups.department_of_violation import found_in
from services.offers.lookups.preconditions import carried, quarantines_of, refuse_while_unknown, unit_and_slot
from services.offers.lookups.units import units_on
from services.offers.rules.answers import Accept, Decline
from services.offers.rules.included_places import NamedPlace
from services.offers.rules.offer_decider import OFFER, Command
from services.offers.rules.phases import Running, State, Unsent
from services.offers.rules.unit_changes import units_of
from shared.contracts.public_forms import OfferSent
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import Guard
from shared.eventstore.randomness import random_id
from shared.http.access import Asker
from shared.http.bodies import Body, FreeText
from shared.http.commands import Prepared
from shared.http.openapi import CHANGE
from shared.policy.policy import Policy
from shared.reference.identifiers import AcceptanceReason, DeclineReason, PNumber
from shared.service import Runtime, runtime_of

router = APIRouter()
_MOST_PLACES = 200


class IncludedPlace(Body):
    """R10: another unit, or a department of a unit."""

    p_number: PNumber
    department: Annotated[FreeText, Field(max_length=200)] | None = None
    """Where it is not the whole unit."""


class Acceptance(Body):
    """R10: the company's yes."""

    has_read: bool
    """Confirms having read what the agreement is and is not."""
    reason: AcceptanceReason | None = None
    """R36: optional coded reason; decides nothing."""
    includes: Annotated[tuple[IncludedPlace, ...], Field(max_length=_MOST_PLACES)] = ()
    """`spread`: the other units or departments, at least one."""


class Refusal(Body):
    """R7: the company's no."""

    reason: DeclineReason | None = None
    """R36: optional coded reason; decides nothing."""


@router.post("/v1/offers/{agreement_id}/acceptance", **CHANGE)
async def accept(agreement_id: UUID, body: Acceptance, request: Request, asker: Asker) -> Response:
    """Records that the company accepts, and for a spread agreement what it includes (R6, R8, R10)."""
    runtime = runtime_of(request)
    now = runtime.clock.now()
    policy = runtime.policies.at(now)

    async def prepare(state: State) -> Prepared[State, Command]:
        assert not isinstance(state, Unsent)  # the gate answers 404 before
        sent = state.sent
        carried_over, guards_of_carried = await carried(runtime, sent.carries_over)
        held, (unit, _slot), (quarantines, guards), (named, further_guards), found = await gather(
            refuse_while_unknown(
                runtime,
                asker,
                sent.cvr,
                sent.p_number,
                local_day(now),
                others=[place.p_number for place in body.includes],
            ),
            unit_and_slot(runtime, sent.p_number, sent.topic, local_day(now), policy),
            quarantines_of(runtime, asker, sent.cvr, sent.p_number),
            _named_places(runtime, asker, sent, body.includes, now, policy, carried_over),
            found_in(runtime, sent),
        )
        command = Accept(
            at=now,
            policy=policy,
            acting_for=asker.cvr or "",
            person=asker.subject,
            has_read=body.has_read,
            reason=body.reason,
            unit=unit,
            quarantines=quarantines,
            found_in=found,
            includes=named,
            carried=carried_over,
        )
        relied_on = (*guards, *further_guards, *guards_of_carried)
        return Prepared(command, tuple({guard.stream: guard for guard in relied_on}.values()), held)

    return await runtime.gate.perform(request, asker, OFFER, agreement_id, prepare, at=now, policy=policy.version)


@router.post("/v1/offers/{agreement_id}/refusal", **CHANGE)
async def decline(agreement_id: UUID, body: Refusal, request: Request, asker: Asker) -> Response:
    """Records that the company says no (R7, R40)."""
    runtime = runtime_of(request)
    now = runtime.clock.now()

    async def prepare(state: State) -> Prepared[State, Command]:
        assert not isinstance(state, Unsent)  # the gate answers 404 before
        unit = await runtime.database.ask(units_on, (state.sent.p_number, local_day(now)))
        return Prepared(Decline(now, acting_for=asker.cvr or "", person=asker.subject, reason=body.reason, unit=unit))

    return await runtime.gate.perform(request, asker, OFFER, agreement_id, prepare, at=now)


async def _named_places(
    runtime: Runtime,
    asker: Asker,
    sent: OfferSent,
    includes: Sequence[IncludedPlace],
    now: datetime,
    policy: Policy,
    carried_over: State | None,
) -> tuple[tuple[NamedPlace, ...], tuple[Guard, ...]]:
    """R8, R10: what is known of the units that the company names; what was read of quarantines is guarded.

    R40: at its own units the agreement that is carried over stands in nobody's way.
    """
    going_over = units_of(carried_over) if isinstance(carried_over, Running) else frozenset()

    async def look_up(place: IncludedPlace) -> tuple[NamedPlace, tuple[Guard, ...]]:
        (unit, slot), (quarantines, guards) = await gather(
            unit_and_slot(
                runtime,
                place.p_number,
                sent.topic,
                local_day(now),
                policy,
                replaced_agreements=int(place.p_number in going_over),
            ),
            quarantines_of(runtime, asker, sent.cvr, place.p_number),
        )
        place_id = random_id(runtime.random_source)
        return NamedPlace(place_id, place.p_number, place.department, unit, slot, quarantines), guards

    looked_up = await gather(*map(look_up, includes))
    return tuple(named for named, _ in looked_up), tuple(guard for _, guards in looked_up for guard in guards)
