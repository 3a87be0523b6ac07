"""The only source of random draws: the system's, passed in as the clock is, so that nobody can compute a draw."""

from random import Random, SystemRandom
from uuid import UUID

RandomSource = Random
"""Source of random draws. Deciders never use it: a draw comes in a command, and is kept in a fact (R18, R19)."""
_LOCAL = "local"


def random_source_of(mode: str | None, seed: str | None) -> RandomSource:
    """Returns the system's random source, or with a seed one whose draws can be repeated.

    Raises ValueError for a seed in another mode than `local`.
    """
    if seed is None:
        return SystemRandom()
    if mode != _LOCAL:
        raise ValueError(
            "AFTALE_CHANCE_SEED lets everybody compute what is drawn: it is taken in AFTALE_MODE=local only"
        )
    return Random(seed)  # noqa: S311 - a seed is given so that others can compute the draws


def random_id(chance: RandomSource) -> UUID:
    """Returns a random id (version 4), which tells nothing of what it stands for."""
    return UUID(int=chance.getrandbits(128), version=4)
