"""Who is in quarantine, and until when (R22)."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.offers.rules.eligibility import Quarantine, refuse_in_quarantine
from services.offers.rules.quarantine import (
    QUARANTINE,
    Impose,
    Reach,
    Revoke,
    legal_entity_stream,
    reaches,
    stream_of,
    unit_stream,
)
from shared.contracts.offers import QuarantineEnded, QuarantineImposed
from shared.deadlines.copenhagen import end_of
from shared.eventstore.decider import TimerDue
from shared.eventstore.errors import Refused
from shared.policy.policies import Policies, load_policies
from tests.unit.scenario import scenarios_of

given = scenarios_of(QUARANTINE)
POLICIES = load_policies()
CVR, UNIT = "13748136", "1003388394"
BREACHED = UUID(int=1)
LAST_OF_2023 = datetime.fromisoformat("2023-12-31T23:59:59+01:00")
FIRST_OF_2024 = datetime.fromisoformat("2024-01-01T00:00:00+01:00")


def reading(how: str) -> Policies:
    """The policies with the other reading of 1 January 2024."""
    policies = (POLICIES.at(LAST_OF_2023), POLICIES.at(FIRST_OF_2024))
    return Policies(
        tuple(
            p.model_copy(update={"breach": p.breach.model_copy(update={"quarantine_reading": how})}) for p in policies
        )
    )


def with_calendar(*, first_day_counts: bool) -> Policies:
    """The policies with another way of counting the company's deadlines."""
    policies = (POLICIES.at(LAST_OF_2023), POLICIES.at(FIRST_OF_2024))
    calendar = {"first_day_counts": first_day_counts}
    return Policies(tuple(p.model_copy(update={"calendar": p.calendar.model_copy(update=calendar)}) for p in policies))


def impose(at: datetime = LAST_OF_2023, agreement: UUID = BREACHED) -> Impose:
    *_entity, unit = reaches(CVR, (UNIT,), at, POLICIES)
    return Impose(at, agreement, unit)


def test_r22_until_2024_every_unit_of_the_legal_entity_is_in_quarantine_and_the_breaching_one_by_itself() -> None:
    ends_at = datetime(2024, 12, 31, 23, tzinfo=UTC)
    assert reaches(CVR, (UNIT,), LAST_OF_2023, POLICIES) == [
        Reach(CVR, None, ends_at, "2020-01-01"),
        Reach(CVR, UNIT, ends_at, "2020-01-01"),
    ]


@pytest.mark.parametrize(
    ("breached", "last_day"),
    [
        ("2023-12-31T12:00+01:00", date(2024, 12, 31)),
        ("2024-06-04T23:59+02:00", date(2025, 6, 4)),
        ("2024-02-29T08:00+01:00", date(2025, 2, 28)),
        ("2023-02-28T08:00+01:00", date(2024, 2, 28)),
        ("2024-12-24T00:00+01:00", date(2025, 12, 24)),
    ],
)
@pytest.mark.parametrize("first_day_counts", [False, True])
def test_r22_twelve_months_without_the_day_of_the_breach_and_without_moving(
    breached: str, last_day: date, *, first_day_counts: bool
) -> None:
    """R3, R22: under every policy file, and at the end of months and on closed days, too."""
    counted = with_calendar(first_day_counts=first_day_counts)
    for reach in reaches(CVR, (UNIT,), datetime.fromisoformat(breached), counted):
        assert reach.ends_at == end_of(last_day)


def test_r22_an_offer_is_possible_as_soon_as_the_last_day_is_over() -> None:
    """R8, R22: breach 2023-12-31, an offer is possible from 2025-01-01 00:00."""
    (entity, _unit) = reaches(CVR, (UNIT,), LAST_OF_2023, POLICIES)
    standing = (Quarantine(BREACHED, entity.ends_at),)
    with pytest.raises(Refused, match="R8"):
        refuse_in_quarantine(standing, "1003388394", datetime.fromisoformat("2024-12-31T23:59:59+01:00"))
    refuse_in_quarantine(standing, "1003388394", datetime.fromisoformat("2025-01-01T00:00:00+01:00"))


def test_r22_from_2024_only_the_breaching_unit() -> None:
    ends_at = datetime(2025, 1, 1, 23, tzinfo=UTC)
    assert reaches(CVR, (UNIT,), FIRST_OF_2024, POLICIES) == [Reach(CVR, UNIT, ends_at, "2024-01-01")]


def test_r22_by_day_a_breach_of_2023_holds_the_legal_entity_only_until_2024_and_its_unit_for_the_whole_time() -> None:
    entity, unit = reaches(CVR, (UNIT,), LAST_OF_2023, reading("by_day"))
    assert (entity.p_number, entity.ends_at) == (None, FIRST_OF_2024)
    assert (unit.p_number, unit.ends_at) == (UNIT, datetime(2024, 12, 31, 23, tzinfo=UTC))


def test_r22_by_day_a_quarantine_that_ends_before_2024_is_as_by_breach() -> None:
    early = datetime(2022, 5, 2, 10, tzinfo=UTC)
    assert reaches(CVR, (UNIT,), early, reading("by_day")) == reaches(CVR, (UNIT,), early, reading("by_breach"))


def test_r22_a_unit_and_its_legal_entity_have_registers_of_their_own() -> None:
    ends_at = FIRST_OF_2024
    assert stream_of(Reach(CVR, None, ends_at, "p")) == legal_entity_stream(CVR)
    assert stream_of(Reach(CVR, UNIT, ends_at, "p")) == unit_stream(UNIT)
    assert legal_entity_stream(CVR) != unit_stream(UNIT)


def test_r22_a_breach_is_imposed_once() -> None:
    imposed = given().when(impose()).one(QuarantineImposed)
    given(imposed).when(impose()).then()


def test_r22_two_breaches_stand_beside_each_other_and_end_each_by_itself() -> None:
    first = given().when(impose()).one(QuarantineImposed)
    second = given(first).when(impose(FIRST_OF_2024.replace(year=2023), UUID(int=2))).one(QuarantineImposed)
    timers = given(first, second).timers()
    assert set(timers) == {f"end:{UUID(int=1)}", f"end:{UUID(int=2)}"}
    due = timers[f"end:{UUID(int=2)}"]
    ended = given(first, second).when(TimerDue(f"end:{UUID(int=2)}", due, due)).one(QuarantineEnded)
    assert set(given(first, second, ended).timers()) == {f"end:{UUID(int=1)}"}


def test_r22_a_timer_of_a_quarantine_that_has_ended_does_nothing() -> None:
    given().when(TimerDue(f"end:{BREACHED}", FIRST_OF_2024, FIRST_OF_2024)).then()


@pytest.mark.rule("R22", "R30")
def test_a_breach_that_was_another_day_has_its_quarantine_revoked_and_imposed_anew() -> None:
    imposed = given().when(impose()).one(QuarantineImposed)
    ended = given(imposed).when(Revoke(FIRST_OF_2024, BREACHED)).one(QuarantineEnded)
    assert ended.revoked
    earlier = given(imposed, ended).when(impose(LAST_OF_2023.replace(month=11, day=1))).one(QuarantineImposed)
    assert given(imposed, ended, earlier).state.standing == (earlier,)
    assert given(imposed, ended, earlier).timers() == {f"end:{BREACHED}": datetime(2024, 11, 1, 23, tzinfo=UTC)}
