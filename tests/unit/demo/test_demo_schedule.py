"""The courses of the demo are played interleaved, in the order of their instants, and time never goes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from deploy.demo.play import AGAIN_ON, BETWEEN_COURSES, FIRST_DAY, interleave

MIDNIGHT = datetime(2021, 1, 1, tzinfo=UTC)


class Played:
    """What happened, and when."""

    def __init__(self) -> None:
        self.now = MIDNIGHT
        self.acts: list[tuple[str, int]] = []
        self.instants: list[datetime] = []

    async def advance_to(self, instant: datetime) -> None:
        self.instants.append(instant)
        self.now = instant

    async def course(self, name: str, *hours: int) -> AsyncIterator[datetime]:
        for hour in hours:
            yield MIDNIGHT + timedelta(hours=hour)
            assert self.now == MIDNIGHT + timedelta(hours=hour), "an act is played at its own instant"
            self.acts.append((name, hour))


async def test_acts_are_played_in_the_order_of_their_instants() -> None:
    played = Played()
    count = await interleave([played.course("a", 1, 5, 9), played.course("b", 2, 3, 12)], played.advance_to)
    assert played.acts == [("a", 1), ("b", 2), ("b", 3), ("a", 5), ("a", 9), ("b", 12)]
    assert count == 6


async def test_courses_that_meet_go_on_in_their_order() -> None:
    played = Played()
    await interleave([played.course("a", 4), played.course("b", 4), played.course("c", 1, 4)], played.advance_to)
    assert played.acts == [("c", 1), ("a", 4), ("b", 4), ("c", 4)]


async def test_time_moves_forward_only() -> None:
    played = Played()
    await interleave([played.course("a", 7, 8), played.course("b", 1, 8), played.course("c", 3)], played.advance_to)
    assert all(earlier <= later for earlier, later in pairwise(played.instants))


async def test_a_course_that_ends_leaves_the_others_going_on() -> None:
    played = Played()
    await interleave([played.course("short", 1), played.course("long", 2, 30)], played.advance_to)
    assert played.acts[-1] == ("long", 30)


def test_first_days_are_mondays() -> None:
    assert FIRST_DAY.isoweekday() == 1
    assert AGAIN_ON.isoweekday() == 1
    assert BETWEEN_COURSES.days % 7 == 0
