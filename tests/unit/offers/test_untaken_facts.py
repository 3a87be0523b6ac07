"""Which units a fact may reach that was not taken (R8, R22)."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from services.offers.rules.reach_of_unprocessed_facts import UntakenFact, may_reach, refusals_of_units_on_hold
from shared.contracts import register
from shared.contracts.control import Breached
from shared.policy.policies import load_policies

POLICIES = load_policies()
CVR, OTHER_CVR = "13748136", "24256790"
UNIT, SISTER = "1003388394", "1003388395"
IN_2023 = datetime.fromisoformat("2023-12-31T23:59:59+01:00")
IN_2024 = datetime.fromisoformat("2024-01-01T00:00:00+01:00")


def fact(at: datetime = IN_2024, source: str = "control", cvr: str | None = CVR, **about: object) -> UntakenFact:
    return UntakenFact(**{"source": source, "cvr": cvr, "p_number": UNIT, "occurred_at": at, **about})  # type: ignore[arg-type]


def breach(at: datetime, *units: str) -> Breached:
    return Breached(agreement_id=uuid4(), cvr=CVR, p_number=UNIT, topic="056", breached_at=at, breached_units=units)


@pytest.mark.rule("R8", "R22")
@pytest.mark.parametrize(
    ("untaken", "unit", "sister"),
    [
        (fact(), True, False),
        (fact(IN_2023), True, True),
        (fact(IN_2023, cvr=OTHER_CVR), True, False),
        (fact(IN_2023, source=register.SOURCE), True, False),
        (fact(IN_2023 - timedelta(days=400)), True, False),
        (fact(IN_2023 - timedelta(days=40_000)), True, False),
        (fact(included=frozenset({SISTER})), True, True),
        (fact(breach=breach(IN_2024, UNIT, SISTER)), True, True),
        (fact(breach=breach(IN_2023, UNIT)), True, True),
        (fact(p_number=None), True, True),
        (fact(p_number=None, cvr=OTHER_CVR), False, False),
        (fact(p_number=None, cvr=None), False, False),
    ],
    ids=[
        "only the unit since 2024",
        "every unit before",
        "not those of another legal entity",
        "the register tells of one unit",
        "a quarantine would be over",
        "before there were agreements",
        "all units of a spread agreement",
        "all units that the breach names",
        "the day of the breach decides, not that on which it was told",
        "any unit where none is named",
        "but of that legal entity only",
        "nobody where nobody is named",
    ],
)
def test_sister_units_are_reached_only_where_the_policy_of_that_day_says_so(
    untaken: UntakenFact, unit: bool, sister: bool
) -> None:
    assert may_reach(untaken, CVR, UNIT, IN_2024 + timedelta(days=1), POLICIES) is unit
    assert may_reach(untaken, CVR, SISTER, IN_2024 + timedelta(days=1), POLICIES) is sister


@pytest.mark.rule("R8")
def test_a_held_unit_is_refused_by_its_name() -> None:
    assert refusals_of_units_on_hold([]) == ()
    (refused,) = refusals_of_units_on_hold([UNIT])
    assert (refused.rule, refused.values) == ("R8", {"p_number": UNIT})
