"""Records in offers and agreements what the business register says about their units (R40)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from uuid import UUID, uuid4

from services.offers.lookups.open_offers import at_unit
from services.offers.lookups.units import learn, owners_of
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Ended, Open, Running
from services.offers.rules.unit_change_schedule import TELL_CASES, UNIT, Watched
from services.offers.rules.unit_changes import NoteUnitChanges, Owner, Owners, units_of
from shared.deadlines.copenhagen import local_day
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Metadata
from shared.eventstore.release_steps import ReleaseStep
from shared.service import Runtime

TELL_OF_UNITS = "tell-of-changed-units"


def lookups(runtime: Runtime) -> dict[str, Callable[[Watched, TimerDue], Awaitable[object]]]:
    """Returns what a unit's timer does before it counts as fired: it records the changes in the cases at the unit."""

    async def tell_cases(state: Watched, timer: TimerDue) -> object:
        if state.p_number is not None:
            known = await _owners(runtime, [state.p_number])
            # What was learned is recorded before the copy of the register has it.
            learned = {one.holds_from: one.cvr for one in state.learned}
            owners = {owner.since: owner.cvr for owner in known.get(state.p_number, ())} | learned
            said = {state.p_number: [Owner(since, cvr) for since, cvr in sorted(owners.items())]}
            for agreement_id in await at_unit(runtime.database, state.p_number):
                await tell(runtime, agreement_id, said)
        return timer

    return {f"{UNIT.name}:{TELL_CASES}": tell_cases}


async def tell(runtime: Runtime, agreement_id: UUID, owners: Mapping[str, Owners]) -> None:
    """Records in a case what became of its units; records nothing if the case knows it already, or has ended."""
    now = runtime.clock.now()
    intent = Intent(OFFER, agreement_id, NoteUnitChanges(now, owners))
    await execute(runtime.store, [intent], at=now, metadata=Metadata(command_id=uuid4(), actor=runtime.name))


async def owners_for(runtime: Runtime, p_numbers: Iterable[str]) -> Mapping[str, Owners]:
    """Returns the legal entities of some units, as the business register has them."""
    return await _owners(runtime, sorted(p_numbers))


def release_steps(runtime: Runtime) -> tuple[ReleaseStep, ...]:
    """R40: returns the step in which unfinished cases catch up with earlier facts of the business register."""

    async def take(stream: UUID) -> None:
        state = (await read(runtime.store, OFFER, stream)).state
        if not isinstance(state, Open | Running | Ended):
            return
        await tell(runtime, stream, await owners_for(runtime, units_of(state)))

    async def begin() -> None:
        """Watches for changes that lie ahead, also at units without an open case."""
        for p_number, owner in await _changes_ahead(runtime):
            await learn(runtime, p_number, owner)

    return (ReleaseStep(TELL_OF_UNITS, take, begin),)


async def _owners(runtime: Runtime, p_numbers: list[str]) -> dict[str, Owners]:
    async with runtime.database.acquire() as connection:
        return await owners_of(connection, p_numbers)


async def _changes_ahead(runtime: Runtime) -> list[tuple[str, Owner]]:
    today = local_day(runtime.clock.now())
    async with runtime.database.acquire() as connection:
        rows = await connection.fetch(
            """select p_number, effective_from, cvr from units
               where effective_from > $1 order by p_number, effective_from""",
            today,
        )
    return [(row["p_number"], Owner(row["effective_from"], row["cvr"])) for row in rows]
