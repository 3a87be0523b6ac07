"""What offers does about facts of control: the register of quarantines, overtaken offers, and ended agreements."""

from uuid import UUID

from services.offers.offer import OFFER, NoteBreach, NoteEnd, Unsent
from services.offers.quarantine import QUARANTINE, Impose, Reach, reaches, stream_of
from shared.contracts.control import Breached, Fulfilled
from shared.kernel.commands import Intent
from shared.kernel.database import Connection
from shared.kernel.reactor import Reaction, Reactions
from shared.kernel.received import Received
from shared.service import Runtime


def reactions(runtime: Runtime) -> Reactions:
    """By the class of the fact."""

    async def fulfilled(received: Received) -> Reaction:
        fact = received.event
        assert isinstance(fact, Fulfilled)
        return Reaction([Intent(OFFER, fact.agreement_id, NoteEnd(runtime.clock.now(), "fulfilled"))])

    async def breached(received: Received) -> Reaction:
        """R8, R22: in one go, so that no offer slips between the breach and its quarantine."""
        fact = received.event
        assert isinstance(fact, Breached)
        now = runtime.clock.now()
        imposed = reaches(fact.cvr, fact.breached_units, fact.breached_at, runtime.policies)
        overtaken = await _offers_within(runtime, fact.cvr, imposed)
        overtake = NoteBreach(at=now, because_of=fact.agreement_id, breached_at=fact.breached_at)
        return Reaction(
            [
                *(Intent(QUARANTINE, stream_of(reach), Impose(now, fact.agreement_id, reach)) for reach in imposed),
                Intent(OFFER, fact.agreement_id, NoteEnd(now, "breached")),
                *(Intent(OFFER, stream, overtake) for stream in overtaken if stream != fact.agreement_id),
            ]
        )

    return {Fulfilled: fulfilled, Breached: breached}


async def _offers_within(runtime: Runtime, cvr: str, imposed: list[Reach]) -> list[UUID]:
    """Open offers and running agreements of the legal entity that a quarantine reaches."""
    async with runtime.database.acquire() as connection:
        candidates = await _offers_of(connection, cvr)
    units = {reach.p_number for reach in imposed}
    within = []
    for stream in candidates:
        state = OFFER.fold([recorded.event for recorded in (await runtime.store.load(stream)).events])
        if not isinstance(state, Unsent) and (None in units or state.sent.p_number in units):
            within.append(stream)
    return within


async def _offers_of(connection: Connection, cvr: str) -> list[UUID]:
    rows = await connection.fetch(
        "select stream from reservations where name like $1 order by name", f"open-of/{cvr}/%"
    )
    return [row["stream"] for row in rows]
