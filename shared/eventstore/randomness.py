"""The one place that chance comes from: the system's, passed in as the clock is, so that nobody can compute a draw."""

from random import Random, SystemRandom
from uuid import UUID

RandomSource = Random
"""What draws. Deciders never hold it: what was drawn comes to them in a command, and is kept in a fact (R18, R19)."""
_LOCAL = "local"


def random_source_of(mode: str | None, seed: str | None) -> RandomSource:
    """The system's; with a seed, in mode `local` only, one that draws the same again. Raises ValueError."""
    if seed is None:
        return SystemRandom()
    if mode != _LOCAL:
        raise ValueError(
            "AFTALE_CHANCE_SEED lets everybody compute what is drawn: it is taken in AFTALE_MODE=local only"
        )
    return Random(seed)  # noqa: S311 - a seed is given so that others can compute the draws


def random_id(chance: RandomSource) -> UUID:
    """An id that tells nothing of what it stands for (version 4)."""
    return UUID(int=chance.getrandbits(128), version=4)
