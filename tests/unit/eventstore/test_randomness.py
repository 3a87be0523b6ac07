"""Where chance comes from: the system, or a seed where everything is local (R18, R19)."""

from random import Random, SystemRandom

import pytest

from shared.eventstore.randomness import random_id
from shared.service import Settings

HERE = {"AFTALE_POSTGRES": "", "AFTALE_KAFKA": "", "AFTALE_STATE": "/nowhere"}
SEED = {"AFTALE_CHANCE_SEED": "a demo"}


@pytest.mark.rule("R18")
@pytest.mark.parametrize("mode", ["", "local", "cluster"])
def test_r18_chance_is_the_systems(mode: str) -> None:
    assert type(Settings.from_environment({**HERE, "AFTALE_MODE": mode}).random_source()) is SystemRandom


@pytest.mark.rule("R18")
def test_r18_a_seed_is_taken_in_mode_local_and_draws_the_same_again() -> None:
    settings = Settings.from_environment({**HERE, **SEED, "AFTALE_MODE": "local"})
    assert [settings.random_source().random() for _ in range(3)] == [Random("a demo").random()] * 3


@pytest.mark.rule("R18")
@pytest.mark.parametrize("mode", [{}, {"AFTALE_MODE": ""}, {"AFTALE_MODE": "cluster"}, {"AFTALE_MODE": "LOCAL"}])
def test_r18_anywhere_else_a_seed_stops_the_start(mode: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"AFTALE_CHANCE_SEED .* AFTALE_MODE=local only"):
        Settings.from_environment({**HERE, **SEED, **mode})


@pytest.mark.rule("R18")
def test_r18_an_id_is_random_and_of_version_4() -> None:
    ids = {random_id(SystemRandom()) for _ in range(1000)}
    assert len(ids) == 1000
    assert {one.version for one in ids} == {4}
