"""Which places of a spread agreement are controlled is drawn: nobody can compute or steer it (R19)."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from itertools import combinations
from random import Random, SystemRandom
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.control.reactions import reactions
from shared.contracts.control import FACTS, SampleChosen
from shared.contracts.offers import Accepted
from shared.contracts.vocabulary import Place
from shared.eventstore.events import EventTypes, Origin
from tests.model.memory_store import MemoryDatabase, MemoryStore
from tests.public_form import public
from tests.unit.control.control_facts import POLICIES, at
from tests.unit.control.spread_facts import spread_accepted, unit

pytestmark = pytest.mark.rule("R19")
TIMES = 1000
NAMED = 11
"""Beside the place where it was found: three of the twelve are controlled."""


def accepted(*others: UUID, agreement: UUID) -> Accepted:
    included = (agreement, *others)
    places = [Place(place_id=place, p_number=unit(number)) for number, place in enumerate(included)]
    return spread_accepted(*places).model_copy(update={"agreement_id": agreement})


async def drawn(fact: Accepted) -> tuple[UUID, ...]:
    """What a running service draws beside the place where it was found."""
    clock = SimpleNamespace(now=lambda: at("2026-03-20"))
    store = MemoryStore("control", EventTypes(FACTS), clock.now, lambda message: None)
    runtime: Any = SimpleNamespace(
        name="control",
        clock=clock,
        policies=POLICIES,
        random_source=SystemRandom(),
        store=store,
        database=MemoryDatabase(store, {}),
    )
    message = SimpleNamespace(
        source="offers", stream=fact.agreement_id, version=3, event_id=uuid4(), origin=Origin.LIVE
    )
    received: Any = SimpleNamespace(event=public(fact), message=message)
    await reactions(runtime)[Accepted](received)
    recorded = [one.event for one in (await store.load(fact.agreement_id)).events]
    (sample,) = [one for one in recorded if isinstance(one, SampleChosen)]
    origin, *others = sample.places
    assert (origin, sample.chosen_by, len(set(others))) == (fact.agreement_id, "control", 2)
    return tuple(others)


async def test_r19_each_pair_of_places_is_drawn_as_often_as_any_other_wherever_they_are_named() -> None:
    agreement, others = uuid4(), [uuid4() for _ in range(NAMED)]
    pairs = Counter([frozenset(await drawn(accepted(*others, agreement=agreement))) for _ in range(TIMES)])
    every = [frozenset(pair) for pair in combinations(others, 2)]
    expected = TIMES / len(every)
    assert set(pairs) <= set(every)
    assert sum((pairs[pair] - expected) ** 2 / expected for pair in every) < 150.0, pairs
    places = Counter(place for pair, times in pairs.items() for place in pair for _ in range(times))
    expected = 2 * TIMES / NAMED
    assert sum((places[place] - expected) ** 2 / expected for place in others) < 75.0, places


def guesses(agreement: UUID, others: Sequence[UUID]) -> dict[str, frozenset[UUID]]:
    """By somebody who knows the agreement and its places, and the rules of this release and of those before."""
    return {
        "the first": frozenset(others[:2]),
        "the last": frozenset(others[-2:]),
        "the smallest": frozenset(sorted(others)[:2]),
        "by digest": frozenset(sorted(others, key=lambda one: sha256(agreement.bytes + one.bytes).digest())[:2]),
        "seeded by the agreement": frozenset(Random(agreement.int).sample(others, NAMED)[:2]),
        "seeded by its text": frozenset(Random(str(agreement)).sample(others, NAMED)[:2]),
        "seeded by its bytes": frozenset(Random(agreement.bytes).sample(others, NAMED)[:2]),
    }


async def test_r19_nobody_guesses_or_steers_a_sample_more_often_than_chance_would() -> None:
    hits: Counter[str] = Counter()
    for _ in range(TIMES):
        agreement, others = uuid4(), [uuid4() for _ in range(NAMED)]
        fact = accepted(*others, agreement=agreement)
        sample, again = frozenset(await drawn(fact)), frozenset(await drawn(fact))
        for how, guess in {**guesses(agreement, others), "as before": again}.items():
            hits[how] += guess == sample
    expected = TIMES / (NAMED * (NAMED - 1) / 2)
    assert max(hits.values()) < expected + 7 * expected**0.5, hits
