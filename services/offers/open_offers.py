"""Offers and agreements found by what they reserve: a free place on a topic, those within reach of a breach (R8)."""

from collections.abc import Iterable
from uuid import UUID

from shared.kernel.database import Connection
from shared.policy.policy import Policy


async def free_slot(connection: Connection, p_number: str, topic: str, policy: Policy) -> int | None:
    """R8: a place among the open agreements on a topic at a unit; None where the policy allows no more."""
    taken = await _held(connection, f"open/{p_number}/{topic}/")
    slots = range(1, policy.offer.open_per_topic_and_unit + 1)
    return next((slot for slot in slots if f"open/{p_number}/{topic}/{slot}" not in taken), None)


async def within_reach(connection: Connection, cvr: str, units: Iterable[str | None]) -> list[UUID]:
    """R8: open offers and running agreements that a quarantine reaches; None among the units is the legal entity.

    A unit is found under whatever legal entity it has today.
    """
    prefixes = [f"open-of/{cvr}/" if unit is None else f"open-at/{unit}/" for unit in units]
    found = [stream for prefix in prefixes for stream in (await _held(connection, prefix)).values()]
    return sorted(set(found))


async def all_free(connection: Connection, names: Iterable[str], holder: UUID) -> bool:
    """R8: whether nobody else holds any of these places."""
    taken = await connection.fetchval(
        "select count(*) from reservations where name = any($1::text[]) and stream <> $2", list(names), holder
    )
    return not taken


async def _held(connection: Connection, prefix: str) -> dict[str, UUID]:
    # '0' follows '/': all names that begin so, and no others; the column is sorted by bytes.
    rows = await connection.fetch(
        "select name, stream from reservations where name >= $1 and name < $2", prefix, f"{prefix[:-1]}0"
    )
    return {row["name"]: row["stream"] for row in rows}
