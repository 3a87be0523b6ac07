"""Looks up what offers and answers depend on: unit, free slot, quarantines, another offer, missing facts (R8)."""

from asyncio import gather
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.offers.lookups.open_offers import free_slot
from services.offers.lookups.units import units_on
from services.offers.lookups.unprocessed_facts_about_units import what_is_unknown
from services.offers.rules.eligibility import Quarantine, Unit
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import State
from services.offers.rules.quarantine import QUARANTINE, legal_entity_stream, unit_stream
from services.offers.rules.reach_of_unprocessed_facts import refusals_of_units_on_hold
from shared.contracts.offers import QuarantineImposed
from shared.eventstore.commands import read
from shared.eventstore.decider import Guard
from shared.eventstore.errors import Refused
from shared.http.access import Asker, Viewer
from shared.http.problems import unavailable
from shared.policy.policy import Policy
from shared.service import Runtime


async def refuse_while_unknown(
    runtime: Runtime, asker: Viewer, cvr: str, p_number: str, day: date, *, others: Sequence[str] = ()
) -> tuple[Refused, ...]:
    """R8: refuses offers and acceptances while facts about a unit are missing, because one might be a breach.

    Returns the refusals of units that are held. Raises Problem (503) if a fact about a unit waits to be processed.

    `others` are further units that a company names. A company learns nothing about a unit that it does not own: for
    such a unit only facts about the company itself count. This includes the unit of the offer, which may have been
    sold. Can run concurrently with `quarantines_of`: if a breach is recorded between the two reads, the version of the
    register changes and the guard makes the append fail.
    """
    units = list(dict.fromkeys([p_number, *others]))
    known = await gather(*(runtime.database.ask(units_on, (unit, day)) for unit in units))
    own = {name for name, unit in zip(units, known, strict=True) if unit is not None and unit.cvr == cvr}
    held, waiting = await what_is_unknown(runtime, cvr, units, own=units if asker.sees_every_company else sorted(own))
    if waiting:
        raise unavailable("a fact about {p_number} has not been processed yet", rule="R8", p_number=waiting[0])
    return refusals_of_units_on_hold(held)


async def unit_and_slot(
    runtime: Runtime, p_number: str, topic: str, day: date, policy: Policy, *, replaced_agreements: int = 0
) -> tuple[Unit | None, int | None]:
    """R8: returns the unit as the register has it on a day, and a free slot for an agreement on the topic there."""
    return await gather(
        runtime.database.ask(units_on, (p_number, day)),
        free_slot(runtime.database, p_number, topic, policy, replaced_agreements=replaced_agreements),
    )


async def quarantines_of(
    runtime: Runtime, asker: Asker, cvr: str, p_number: str
) -> tuple[tuple[Quarantine, ...], tuple[Guard, ...]]:
    """R8: returns the quarantines of the unit and its legal entity, with guards that fail the append if they change."""
    streams = unit_stream(p_number), legal_entity_stream(cvr)
    registers = await gather(*(register(runtime, stream) for stream in streams))
    found = [
        Quarantine(one.agreement_id if asker.may_see_company(one.cvr) else None, one.ends_at, one.cvr != cvr)
        for standing, _ in registers
        for one in standing
    ]
    return tuple(found), tuple(Guard(stream, version) for stream, (_, version) in zip(streams, registers, strict=True))


async def as_it_stands(runtime: Runtime, agreement_id: UUID) -> State:
    """Returns the current state of another offer."""
    return (await read(runtime.store, OFFER, agreement_id)).state


async def carried(runtime: Runtime, agreement_id: UUID | None) -> tuple[State | None, tuple[Guard, ...]]:
    """R40: returns the state of the agreement to be carried over, and a guard on its version; nothing without one."""
    if agreement_id is None:
        return None, ()
    known = await read(runtime.store, OFFER, agreement_id)
    return known.state, (Guard(agreement_id, known.version),) if known.version else ()


async def register(runtime: Runtime, stream: UUID) -> tuple[tuple[QuarantineImposed, ...], int]:
    """R22: returns the present quarantines of a unit or legal entity, and the version at which they were read."""
    known = await read(runtime.store, QUARANTINE, stream)
    return known.state.standing, known.version
