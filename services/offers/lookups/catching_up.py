"""Release step that flags running agreements once for each breach that overtook their acceptance (R8, R41)."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from dateutil.relativedelta import relativedelta

from services.offers.lookups.preconditions import register
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Running, places_of
from services.offers.rules.quarantine import Reach, legal_entity_stream, unit_stream
from services.offers.rules.withdrawal import NoteBreach
from shared.contracts.offers import QuarantineImposed
from shared.deadlines.copenhagen import end_of, local_day
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata
from shared.eventstore.release_steps import ReleaseStep
from shared.service import Runtime

CATCH_UP = "acceptances-in-quarantine-2026-12"
_INSIDE = timedelta(microseconds=1)
"""Subtracted from an exclusive end to get an instant on the last day."""


def release_steps(runtime: Runtime) -> tuple[ReleaseStep, ...]:
    """Returns the release step of offers that is run in addition to the steps of every service."""

    async def take(stream: UUID) -> None:
        await catch_up(runtime, stream)

    return (ReleaseStep(CATCH_UP, take),)


async def catch_up(runtime: Runtime, stream: UUID) -> None:
    """Flags an acceptance for every breach that overtook it; earlier releases flagged only the first one."""
    state = (await read(runtime.store, OFFER, stream)).state
    if not isinstance(state, Running):
        return
    units = {place.p_number for place in places_of(state.accepted)}
    registers = [legal_entity_stream(state.sent.cvr), *map(unit_stream, sorted(units))]
    for quarantine in [one for name in registers for one in (await register(runtime, name))[0]]:
        now = runtime.clock.now()
        command = _noted(runtime, quarantine, now)
        metadata = Metadata(command_id=uuid4(), actor=runtime.name)
        await execute(runtime.store, [Intent(OFFER, stream, command)], at=now, metadata=metadata)


def _noted(runtime: Runtime, quarantine: QuarantineImposed, now: datetime) -> NoteBreach:
    """Builds the command. The quarantine's end gives the day of the breach; acceptances of that day are not flagged."""
    months = runtime.policies.at(quarantine.imposed_at).breach.quarantine_months
    day = local_day(quarantine.ends_at - _INSIDE) - relativedelta(months=months)
    reach = Reach(quarantine.cvr, quarantine.p_number, quarantine.ends_at, quarantine.policy)
    return NoteBreach(
        now, quarantine.agreement_id, quarantine.cvr, end_of(day), runtime.policies.at(end_of(day)), (reach,)
    )
