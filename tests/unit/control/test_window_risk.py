"""A control that may have to be late is told once for each change, and no company learns of it (R17, R18)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from deploy.rulebook.example_facts import full, least
from services.control.people.rules.centre_holidays import CENTRE, BeginLooks, NoteLook, SetHolidays
from services.control.rules.cases_of_inspector import cases_by_inspector, open_case_name
from services.control.rules.window_risk import LookedAt, NoteWindows, window_at_risk_name
from shared.contracts.control import ControlCompleted, WindowAtRisk, WindowSafeAgain
from shared.contracts.people import NextLookSet
from shared.contracts.vocabulary import Centre, ControlOutcome, MakesRoom, WayToMakeRoom, WindowRisk
from tests.unit.control.control_facts import AGREEMENT, INSPECTOR, at, booked, complete, given, started
from tests.unit.scenario import scenarios_of

pytestmark = pytest.mark.rule("R17")
DAY = at("2026-05-04")
LAST = date(2026, 8, 21)
COLLEAGUE = WayToMakeRoom(way=MakesRoom.COLLEAGUE, inspector="inspector-2", places=2)
FEW = LookedAt(AGREEMENT, LAST, WindowRisk.FEW_PLACES, places_left=2, missed_percent=7, would_make_room=(COLLEAGUE,))
SAFE = replace(FEW, risk=None, places_left=3, would_make_room=())
of_centre = scenarios_of(CENTRE)


def look(*windows: LookedAt) -> NoteWindows:
    return NoteWindows(DAY, windows)


def at_risk(found: LookedAt = FEW) -> WindowAtRisk:
    return given(started()).when(look(found)).one(WindowAtRisk)


def test_a_window_at_risk_is_told_with_what_would_make_room() -> None:
    told = at_risk()
    assert (told.place_id, told.inspector, told.last_day, told.risk) == (
        AGREEMENT,
        INSPECTOR,
        LAST,
        WindowRisk.FEW_PLACES,
    )
    assert (told.places_left, told.missed_percent, told.would_make_room) == (2, 7, (COLLEAGUE,))


def test_it_is_told_once_until_something_changes() -> None:
    """R17: fewer places of the same risk are no change; another risk, window or inspector is one."""
    known = given(started(), at_risk())
    known.when(look(replace(FEW, places_left=1, missed_percent=19))).then()
    known.when(look(replace(FEW, risk=WindowRisk.IMPOSSIBLE, places_left=0))).records(WindowAtRisk)
    known.when(look(replace(FEW, last_day=LAST + timedelta(days=28)))).records(WindowAtRisk)
    known.when(look(SAFE)).records(WindowSafeAgain)
    given(started(), at_risk(), known.when(look(SAFE)).one(WindowSafeAgain)).when(look(SAFE)).then()


def test_what_is_not_awaited_any_more_is_neither_at_risk_nor_listed() -> None:
    name = window_at_risk_name(AGREEMENT, AGREEMENT)
    standing = given(started(), at_risk())
    assert name in standing.when(look(FEW)).reservations()
    held = given(started(), at_risk(), booked(started())).when(complete(ControlOutcome.VIOLATION, measures=()))
    held.one(ControlCompleted)
    assert name not in held.reservations()
    given(started(), at_risk(), booked(started()), *held.events).when(look(FEW)).then()


def test_open_cases_are_found_by_their_inspector() -> None:
    """R15, R17: ids may hold what separates the parts of a name."""
    names = {open_case_name(one, AGREEMENT): AGREEMENT for one in ("a/b", "a%2Fb", "a")}
    assert cases_by_inspector(names) == {one: {AGREEMENT} for one in ("a/b", "a%2Fb", "a")}


@pytest.mark.rule("R18")
@pytest.mark.parametrize("fact", [WindowAtRisk, WindowSafeAgain, NextLookSet])
def test_no_company_sees_anything_of_it(fact: type[WindowAtRisk | WindowSafeAgain | NextLookSet]) -> None:
    assert not full(fact).seen_by_company()
    assert not least(fact).seen_by_company()


def test_looks_begin_once_and_end_where_nothing_is_awaited() -> None:
    begin = BeginLooks(DAY, Centre.EAST, at("2026-05-05", "00:00"))
    begun = of_centre().when(begin)
    assert begun.timers() == {"look-through-windows": at("2026-05-05", "00:00")}
    of_centre(*begun.events).when(begin).then()
    again = NoteLook(DAY, Centre.EAST, windows=3, at_risk=1, next_at=at("2026-05-06", "00:00"))
    looked = of_centre(*begun.events).when(again)
    assert looked.timers() == {"look-through-windows": at("2026-05-06", "00:00")}
    over = of_centre(*begun.events).when(replace(again, next_at=None))
    assert over.timers() == {}
    of_centre(*over.events).when(begin).records(NextLookSet)


def test_holidays_and_looks_stand_beside_each_other() -> None:
    """R42: each fact of a centre leaves what the other kind has said."""
    holidays = of_centre().when(SetHolidays(DAY, "leader-1", Centre.EAST, (LAST,)))
    begun = of_centre(*holidays.events).when(BeginLooks(DAY, Centre.EAST, DAY))
    due = {"look-through-windows": DAY, "replan-visits": DAY}
    assert (begun.state.days, begun.timers()) == ((LAST,), due)
    closed = of_centre(*holidays.events, *begun.events).when(SetHolidays(DAY, "leader-1", Centre.EAST, ()))
    assert (closed.state.days, closed.timers()) == ((), due)
