"""A year is played by instants: acts of one case in order, those of several side by side, and facts are followed."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from benchmarks.planning.world import draw_world, load_rates
from benchmarks.year.by_days import Agenda, play_by_days
from benchmarks.year.facts import Visits
from benchmarks.year.rates import draw_plans
from deploy.demo.courses import at
from shared.contracts.control import ControlBooked, ControlCompleted, Terminated
from shared.contracts.vocabulary import ContactForm, Side
from shared.eventstore.events import Event
from tests.unit.control.control_facts import booked, documented, fulfilled_course, started

FIRST = date(2027, 3, 2)
DAY = timedelta(days=1)
AGREEMENT = started().agreement_id


class Played:
    """What was played of an agenda, and when."""

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.now = datetime(2027, 1, 1, tzinfo=UTC)
        self.moved: list[datetime] = []
        self.acted: list[tuple[str, datetime]] = []

    def act(self, name: str, then: Callable[[], None] | None = None) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            self.acted.append((name, self.now))
            if then is not None:
                then()

        return act

    async def play(self) -> int:
        async def advance(instant: datetime) -> None:
            self.now = max(self.now, instant)
            self.moved.append(self.now)

        async def arrived(_: datetime) -> None:
            pass

        return await play_by_days(self.agenda, advance, arrived, lambda _: None)


async def test_the_clock_moves_once_to_each_instant_and_a_case_acts_in_order() -> None:
    played = Played()
    for name, case, day in (("b", 1, 3), ("a", 1, 0), ("c", 1, 3), ("d", 2, 3)):
        played.agenda.add(at(FIRST + day * DAY), case, played.act(name))
    assert await played.play() == 4
    assert played.moved == [at(FIRST), at(FIRST + 3 * DAY)]
    assert [name for name, _ in played.acted if name != "d"] == ["a", "b", "c"]


async def test_what_an_act_adds_for_a_day_that_has_passed_is_done_next() -> None:
    played = Played()
    late = played.act("belated")
    played.agenda.add(at(FIRST), 1, played.act("act", lambda: played.agenda.add(at(FIRST - 5 * DAY), 1, late)))
    await played.play()
    assert played.acted == [("act", at(FIRST)), ("belated", at(FIRST))]


async def test_an_agenda_that_was_cleared_ends_the_play() -> None:
    played = Played()
    played.agenda.add(at(FIRST), 1, played.act("last", played.agenda.clear))
    played.agenda.add(at(FIRST + DAY), 1, played.act("never"))
    await played.play()
    assert [name for name, _ in played.acted] == ["last"]


def test_the_plans_of_a_world_are_the_same_again_and_follow_the_rates() -> None:
    rates = load_rates()
    world = draw_world(2_000, 0.85, rates)
    plans = draw_plans(world, rates)
    assert plans == draw_plans(world, rates)
    accepted = sum(plan.answer == "accepted" for plan in plans)
    assert accepted == len(world.stories) == sum(plan.story is not None for plan in plans)
    assert accepted / len(plans) == pytest.approx(rates["answer"]["accepted"], abs=0.01)
    assert {plan.answer for plan in plans} == {"accepted", "declined", "none"}
    assert len({plan.p_number for plan in plans}) == len(plans)
    assert all(plan.offered_on < plan.answered_on for plan in plans)


TERMS = started()
DOCUMENTED = documented(TERMS)
BOOKED = booked(TERMS, DOCUMENTED, day="2026-07-01")
HELD = next(fact for fact in fulfilled_course() if isinstance(fact, ControlCompleted))


def visits(*facts: Event) -> Visits:
    found = Visits()
    for fact in (TERMS, DOCUMENTED, *facts):
        found.note(fact)
    return found


def test_a_visit_is_awaited_until_it_is_held_and_counted_with_its_window() -> None:
    before, after = visits(BOOKED), visits(BOOKED, HELD)
    last_day = before.window(AGREEMENT).last_day
    assert before.awaited_until(last_day) == [AGREEMENT]
    assert before.awaited_until(last_day - DAY) == after.awaited_until(last_day) == []
    ended = Terminated(
        agreement_id=AGREEMENT,
        by=Side.AUTHORITY,
        terminated_at=BOOKED.booked_at,
        terminated_by="somebody",
        reason="changed-owner",
        grounds="Sold.",
    )
    assert visits(BOOKED, ended).awaited_until(last_day) == []
    assert before.take_booked_until(BOOKED.day - DAY) == []
    assert [one.control_id for one in before.take_booked_until(BOOKED.day)] == [BOOKED.control_id]
    (held,) = after.held
    assert (held.day, held.last_day, held.decided) == (BOOKED.day, last_day, True)


def late(**changes: object) -> ControlBooked:
    last_day = visits().window(AGREEMENT).last_day
    return BOOKED.model_copy(update={"day": last_day + DAY, **changes})


def test_a_late_visit_without_a_reason_is_counted_as_unexplained() -> None:
    assert visits(late(), HELD).late_unexplained == 1
    assert visits(late(late_reason="illness"), HELD).late_unexplained == 0


def test_a_control_without_a_visit_of_its_own_is_counted_as_saved() -> None:
    by_phone = BOOKED.model_copy(update={"form": ContactForm.PHONE})
    from_meeting = HELD.model_copy(update={"from_meeting": UUID(int=7)})
    assert dict(visits(BOOKED, HELD).saved) == {}
    assert dict(visits(by_phone, HELD).saved) == {"by phone": 1}
    found = visits(from_meeting)
    assert dict(found.saved) == {"a guidance meeting became the control": 1}
    assert found.held == []
