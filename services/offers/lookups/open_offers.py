"""Finds offers and agreements by their reservations: at a unit, on a topic, or within reach of a breach (R8)."""

from asyncio import gather
from collections.abc import Iterable
from uuid import UUID

from services.offers.rules.withdrawal import overtaken_by
from shared.eventstore.database import Connection, Database
from shared.eventstore.reservations import reserved_under
from shared.policy.policy import Policy


async def free_slot(
    database: Database, p_number: str, topic: str, policy: Policy, *, replaced_agreements: int = 0
) -> int | None:
    """R8: returns a free slot for an agreement on a topic at a unit; None if the policy allows no more agreements.

    R40: `replaced_agreements` raises the limit: the number of existing agreements that end when this one begins.
    """
    taken = await database.ask(reserved_under, f"open/{p_number}/{topic}/")
    allowed = policy.offer.open_per_topic_and_unit + replaced_agreements
    if len(taken) >= allowed:
        return None
    slots = range(1, allowed + len(taken) + 1)
    return next(slot for slot in slots if f"open/{p_number}/{topic}/{slot}" not in taken)


async def undecided_at(database: Database, p_number: str) -> tuple[UUID, ...]:
    """R14: returns undecided agreements of which a control has found a violation at the unit."""
    return tuple(sorted((await database.ask(reserved_under, f"undecided/{p_number}/")).values()))


async def at_unit(database: Database, p_number: str) -> tuple[UUID, ...]:
    """R40: returns open offers and running agreements that include the unit, whatever its legal entity is today.

    It also returns ended ones after which something may still follow at the unit (R7, R22, R24).
    """
    names = await gather(*(database.ask(reserved_under, f"{prefix}/{p_number}/") for prefix in ("open-at", "after-at")))
    return tuple(sorted({stream for held in names for stream in held.values()}))


async def acceptances_overtaken_by(database: Database, breached: UUID) -> list[UUID]:
    """R41: returns the agreements whose acceptance is in conflict with a breach."""
    return sorted((await database.ask(reserved_under, overtaken_by(breached))).values())


async def within_reach(database: Database, cvr: str, units: Iterable[str | None]) -> list[UUID]:
    """R8: returns open offers and running agreements that a quarantine reaches. None in `units` is the legal entity.

    A unit is found whatever legal entity it has today.
    """
    prefixes = [f"open-of/{cvr}/" if unit is None else f"open-at/{unit}/" for unit in units]
    held = await gather(*(database.ask(reserved_under, prefix) for prefix in prefixes))
    return sorted({stream for of_prefix in held for stream in of_prefix.values()})


async def all_free(connection: Connection, names: Iterable[str], holder: UUID) -> bool:
    """R8: returns whether nobody else holds any of these reservations."""
    taken = await connection.fetchval(
        "select count(*) from reservations where name = any($1::text[]) and stream <> $2", list(names), holder
    )
    return not taken
