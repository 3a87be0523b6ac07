"""Rules by which somebody could try to guess a day that was drawn (R18)."""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from random import Random
from uuid import UUID, uuid5


def guesses(agreement: UUID, days: Sequence[date], at: datetime) -> dict[str, date]:
    """What somebody guesses who knows the rules, the code, the policy, the agreement and all that is published."""
    digest = sha256(agreement.bytes).digest()
    return {
        "the first": days[0],
        "the second": days[1],
        "the last": days[-1],
        "half-way": days[len(days) // 2],
        "after thirty days": min(days, key=lambda day: abs((day - at.date()).days - 30)),
        "a digest of the agreement": days[int.from_bytes(digest) % len(days)],
        "a derived id": days[uuid5(agreement, at.isoformat()).int % len(days)],
        "seeded by the agreement": Random(agreement.int).choice(days),
        "seeded by its text": Random(str(agreement)).choice(days),
        "seeded by its bytes": Random(agreement.bytes).choice(days),
        "seeded by the time": Random(at.timestamp()).choice(days),
        "seeded by both": Random(f"{agreement}{at.isoformat()}").choice(days),
    }
