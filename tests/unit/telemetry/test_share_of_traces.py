"""How many traces a process keeps is told by its environment."""

import pytest

from shared.service import Settings

HERE = {"AFTALE_POSTGRES": "p", "AFTALE_KAFKA": "k", "AFTALE_STATE": "s"}


@pytest.mark.parametrize(("told", "share"), [(None, 1.0), ("", 1.0), ("0", 0.0), ("0.01", 0.01), ("1", 1.0)])
def test_all_traces_are_kept_unless_a_share_is_told(told: str | None, share: float) -> None:
    environment = HERE if told is None else {**HERE, "AFTALE_TRACES": told}
    assert Settings.from_environment(environment).traces == share


@pytest.mark.parametrize("told", ["2", "-0.1", "much", "nan"])
def test_what_is_no_share_is_refused_by_name(told: str) -> None:
    with pytest.raises(ValueError, match=f"AFTALE_TRACES is a share from 0 to 1, not {told}"):
        Settings.from_environment({**HERE, "AFTALE_TRACES": told})
