"""Windows that cannot be met are seen early, by exact matching and in drawn futures (R17)."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random
from uuid import UUID

import pytest

from services.control.planning.lookups.drawn_futures import days_away, shares_missed
from services.control.planning.rules.days_in_future import DaysInFuture, Window
from services.control.planning.rules.matching import InspectorDay, Matching
from services.control.planning.rules.ways_to_make_room import (
    ColleagueVisits,
    Elsewhere,
    HeldLater,
    OtherCentreVisits,
    VisitMoves,
    ways_to_make_room,
)
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Room, prospects, risk
from shared.contracts.vocabulary import Centre, WindowRisk
from shared.policy.policy import ExpectedChanges, Planning

pytestmark = pytest.mark.rule("R17")
MONDAY = date(2026, 10, 5)
NOTHING_HAPPENS = ExpectedChanges(absences_a_year=0, extended=0, converted=0)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def visit(number: int, first: int, last: int, *inspectors: str, announced: int | None = None) -> AwaitedVisit:
    """A visit whose window has these days, counted from a Monday; anna's unless others are named."""
    who = inspectors or ("anna",)
    stays = None if announced is None else InspectorDay(who[0], day(announced))
    return AwaitedVisit(UUID(int=number), who, day(first), day(last), announced_for=stays)


def room(days: Mapping[str, Iterable[int]], each: int = 1) -> Room:
    return Room({InspectorDay(who, day(number)): each for who, numbers in days.items() for number in numbers})


def left(visits: Sequence[AwaitedVisit], places: Room, least: int = 3) -> dict[int, int]:
    return {one.visit.visit_id.int: one.places_left for one in prospects(visits, places, least)[0]}


def test_places_are_counted_after_all_earlier_windows_have_theirs() -> None:
    """R17: of five days, two go to earlier windows, which move out of the way as far as they can."""
    visits = [visit(1, 0, 4), visit(2, 0, 1), visit(3, 0, 2)]
    assert left(visits, room({"anna": range(5)}), least=9) == {2: 2, 3: 2, 1: 3}


def test_a_window_that_others_fill_is_impossible_and_says_who_is_in_the_way() -> None:
    """R17: three visits share two days. The last one has none, and any of the other two would make room."""
    found, _ = prospects([visit(1, 0, 1), visit(2, 0, 1), visit(3, 0, 1), visit(4, 5, 6)], room({"anna": range(7)}), 3)
    by_number = {one.visit.visit_id.int: one for one in found}
    assert by_number[3].places_left == 0
    assert by_number[3].in_the_way == {UUID(int=1), UUID(int=2)}
    assert risk(by_number[3], 0, Planning()) is WindowRisk.IMPOSSIBLE


def test_an_announced_visit_keeps_its_day_and_is_in_the_way() -> None:
    """R18: the only day of another window is announced to a company, so nothing moves, and it is said whose it is."""
    found, matching = prospects([visit(1, 0, 4, announced=2), visit(2, 2, 2)], room({"anna": range(5)}), 1)
    assert [(one.visit.visit_id.int, one.places_left, set(one.in_the_way)) for one in found] == [(2, 0, {UUID(int=1)})]
    assert matching.place_of(UUID(int=1)) == InspectorDay("anna", day(2))


def test_few_places_and_often_missed_are_different_risks() -> None:
    (three_days,), _ = prospects([visit(1, 0, 2)], room({"anna": range(3)}), 3)
    (two_days,), _ = prospects([visit(1, 0, 1)], room({"anna": range(2)}), 3)
    assert risk(two_days, 0, Planning()) is WindowRisk.FEW_PLACES
    placed = replace(two_days, visit=replace(two_days.visit, stands_on=day(0)))
    assert risk(placed, 0, Planning()) is None, "a visit that has a place needs no other one"
    assert risk(three_days, 0.2, Planning()) is None, "not more than the policy's fifth"
    assert risk(three_days, 0.16, Planning(), standing=True) is WindowRisk.OFTEN_MISSED
    assert risk(three_days, 0.21, Planning()) is WindowRisk.OFTEN_MISSED


def _max_flow(visits: Sequence[AwaitedVisit], places: Mapping[InspectorDay, int]) -> int:
    """Places that can be given at once, by a maximum flow (Edmonds-Karp): nothing is shared with the code it checks."""
    capacity: dict[tuple[object, object], int] = {}
    for one in visits:
        capacity["source", one.visit_id] = 1
        for place in places:
            if place.inspector in one.inspectors and one.first <= place.day <= one.last:
                capacity[one.visit_id, place] = 1
    for place, number in places.items():
        capacity[place, "sink"] = number
    beside: dict[object, set[object]] = {}
    for begins, ends in list(capacity):
        capacity.setdefault((ends, begins), 0)
        beside.setdefault(begins, set()).add(ends)
        beside.setdefault(ends, set()).add(begins)
    flow = 0
    while True:
        came_from: dict[object, object] = {"source": None}
        queue = deque[object](["source"])
        while queue and "sink" not in came_from:
            node = queue.popleft()
            for following in beside.get(node, ()):
                if following not in came_from and capacity[node, following]:
                    came_from[following] = node
                    queue.append(following)
        if "sink" not in came_from:
            return flow
        node = "sink"
        while (before := came_from[node]) is not None:
            capacity[before, node] -= 1
            capacity[node, before] += 1
            node = before
        flow += 1


def _drawn(drawn: Random) -> tuple[list[AwaitedVisit], Room]:
    people = ["anna", "bo", "carl"][: drawn.randint(1, 3)]
    days = drawn.randint(1, 6)
    places = {
        InspectorDay(who, day(number)): drawn.randint(1, 2)
        for who, number in product(people, range(days))
        if drawn.random() < 0.7
    }
    visits = []
    for number in range(drawn.randint(1, 9)):
        first = drawn.randrange(days)
        who = drawn.sample(people, drawn.randint(1, len(people)))
        visits.append(visit(number, first, drawn.randint(first, days - 1), *who))
    return visits, Room(places)


def test_a_maximum_flow_agrees_on_impossible_and_on_the_places_left() -> None:
    """R17: over thousands of drawn instances. A visit is impossible where it adds nothing to the flow before."""
    impossible = 0
    for seed in range(2000):
        visits, places = _drawn(Random(seed))
        counted = left(visits, places)
        ordered = sorted(visits, key=lambda one: one.order)
        for number, one in enumerate(ordered):
            before = ordered[:number]
            copies = [visit(100 + n, 0, 0, *one.inspectors) for n in range(3)]
            more = [AwaitedVisit(copy.visit_id, one.inspectors, one.first, one.last) for copy in copies]
            flow = _max_flow([*before, *more], places.places) - _max_flow(before, places.places)
            assert counted[one.visit_id.int] == flow, (seed, one)
            impossible += not flow
        everybody = sum(1 for number in counted.values() if number)
        assert everybody == _max_flow(visits, places.places), seed
    assert impossible > 200, "instances in which nothing is impossible show nothing"


def test_what_is_in_the_way_makes_room_if_it_falls_away_and_nothing_else_does() -> None:
    """R17: brute force over the visits of drawn instances: take one out and count again."""
    seen = 0
    for seed in range(400):
        visits, places = _drawn(Random(seed))
        ordered = sorted(visits, key=lambda one: one.order)
        for one in prospects(visits, places, 2)[0]:
            if one.places_left:
                continue
            before = ordered[: ordered.index(one.visit)]
            placed = [other for other in before if left(before, places)[other.visit_id.int]]
            helps = {
                other.visit_id
                for other in placed
                if _max_flow([*(x for x in placed if x is not other), one.visit], places.places) == len(placed)
            }
            assert one.in_the_way == helps, (seed, one)
            seen += bool(helps)
    assert seen > 50


def test_who_has_a_place_keeps_one() -> None:
    matching = Matching({InspectorDay("anna", day(0)): 1, InspectorDay("anna", day(1)): 1})
    both = [InspectorDay("anna", day(0)), InspectorDay("anna", day(1))]
    assert matching.give("first", both)
    assert matching.give("second", both[:1])
    assert matching.place_of("first") == both[1], "it has moved out of the way"
    assert not matching.give("third", both)
    assert (matching.place_of("first"), matching.place_of("second")) == (both[1], both[0])
    matching.take_back("second")
    assert matching.give("third", both)


def test_without_changes_futures_are_what_is_known() -> None:
    """R17: nothing is missed in futures in which nothing happens, except what is impossible."""
    planning = Planning(futures=5, expected=NOTHING_HAPPENS)
    visits = [visit(1, 0, 0), visit(2, 0, 0), visit(3, 2, 4)]
    missed = shares_missed(visits, room({"anna": range(5)}), planning, Random(1))
    assert missed == {UUID(int=1): 0, UUID(int=2): 1, UUID(int=3): 0}


def test_a_longer_absence_or_a_second_control_is_missed_as_often_as_it_is_drawn() -> None:
    """R17, R21: one visit with one day is missed exactly where it needs a second day."""
    planning = Planning(futures=2000, expected=NOTHING_HAPPENS.model_copy(update={"converted": 0.3}))
    missed = shares_missed([visit(1, 0, 0)], room({"anna": range(1)}), planning, Random(2))
    assert missed[UUID(int=1)] == pytest.approx(0.3, abs=0.04)


def test_an_extension_moves_the_window_where_the_deadline_may_still_move() -> None:
    """R13: a window without room is met where it moves to days with room, and only then."""
    expected = NOTHING_HAPPENS.model_copy(update={"extended": 1.0, "extension_days": 7})
    planning = Planning(futures=3, expected=expected)
    fixed = visit(1, 0, 0)
    moves = AwaitedVisit(UUID(int=2), ("anna",), day(0), day(0), may_be_extended=True)
    missed = shares_missed([fixed, moves], room({"anna": [7]}), planning, Random(3))
    assert missed == {UUID(int=1): 1, UUID(int=2): 0}


def test_an_announced_visit_of_somebody_who_falls_away_needs_another_place() -> None:
    """R18: it stays on its day in all futures but those in which the inspector is away then."""
    expected = NOTHING_HAPPENS.model_copy(update={"absences_a_year": 365.0, "longest_absence_days": 1})
    planning = Planning(futures=300, expected=expected)
    visits = [visit(1, 0, 9, announced=0)]
    missed = shares_missed(visits, room({"anna": range(10)}), planning, Random(4))
    assert missed[UUID(int=1)] < 0.05, "it has another day in nearly every future"


def test_absences_come_as_often_as_the_policy_says() -> None:
    expected, chance = ExpectedChanges(absences_a_year=4, longest_absence_days=5), Random(5)
    drawn = [days_away([day(number) for number in range(365)], expected, chance) for _ in range(40)]
    assert sum(map(len, drawn)) / 40 == pytest.approx(4 * 3, rel=0.2), "four absences of three days on average"
    assert set(days_away([day(0), day(400)], expected, chance)) <= {0, 1}, "days between that are not worked count"


def test_who_has_a_place_is_not_at_risk_for_one_who_has_none() -> None:
    """R17: two visits share a day. The one that stands there keeps it, though its window ends later."""
    without, standing = visit(1, 0, 0), replace(visit(2, 0, 0), last=day(1), stands_on=day(0))
    places = room({"anna": [0]})
    assert left([without, standing], places) == {2: 1, 1: 0}
    planning = Planning(futures=3, expected=NOTHING_HAPPENS, makes_room=True)
    assert shares_missed([without, standing], places, planning, Random(6)) == {UUID(int=1): 1, UUID(int=2): 0}


def test_others_move_in_a_future_where_the_policy_has_them_move() -> None:
    """R17: a visit stands on the only day of another one, and has a free day beside it in its own window."""
    visits = [visit(1, 0, 0), replace(visit(2, 0, 1), stands_on=day(0))]
    for makes_room, share in ((True, 0), (False, 1)):
        planning = Planning(futures=3, expected=NOTHING_HAPPENS, makes_room=makes_room)
        missed = shares_missed(visits, room({"anna": [0, 1]}), planning, Random(7))
        assert missed == {UUID(int=1): share, UUID(int=2): 0}


def test_a_day_before_an_absence_is_over_when_the_absence_takes_the_place() -> None:
    """R17, R42: somebody who is always away from the first day of a visit on cannot hold it the day before."""
    days = DaysInFuture.empty([1, 1, 0], others_move=True)
    assert days.give(Window(0, 2), since=2) is None
    assert days.give(Window(0, 2), since=1) == 1
    assert days.give(Window(0, 2)) == 0


def test_days_in_a_future_are_as_good_as_any_exchange() -> None:
    """R17: over drawn instances of one inspector, with some days full, away or announced."""
    lacking = 0
    for seed in range(1000):
        drawn = Random(seed)
        each = [drawn.randint(0, 2) for _ in range(12)]
        visits = [visit(n, first := drawn.randrange(12), drawn.randint(first, 11)) for n in range(drawn.randint(1, 14))]
        places = Room({InspectorDay("anna", day(number)): fits for number, fits in enumerate(each)})
        matching, days = Matching(places.places), DaysInFuture.empty(each, others_move=True)
        for one in sorted(visits, key=lambda one: one.order):
            given = days.give(Window((one.first - MONDAY).days, (one.last - MONDAY).days)) is not None
            assert given == matching.give(one.visit_id, places.possible(one)), (seed, one)
            lacking += not given
    assert lacking > 500, "instances in which everybody has a day show nothing"


def test_what_would_make_room_names_visit_colleague_centre_and_later_day() -> None:
    """R17, R18: anna's only day is announced to another company. Bo has two days and one visit; carl has none left."""
    visits = [visit(1, 0, 0, announced=0), visit(2, 0, 2), visit(3, 0, 2, "bo"), visit(4, 1, 1, "carl")]
    places = room({"anna": [0, 7, 8], "bo": [1, 2, 9], "carl": [1]})
    found, matching = prospects(visits, places, 3)
    (impossible,) = [one for one in found if not one.places_left]
    east = [InspectorDay("eva", day(number)) for number in (1, 2, 3)]
    elsewhere = Elsewhere(("anna", "bo", "carl"), {Centre.EAST: east, Centre.SOUTH: east[2:]}, ("illness",))
    assert ways_to_make_room(impossible, matching, places, elsewhere, least=3, most=5) == (
        VisitMoves(UUID(int=1), InspectorDay("anna", day(0))),
        ColleagueVisits("bo", 1),
        OtherCentreVisits(Centre.EAST, 2),
        HeldLater(day(7), ("illness",)),
    )


def test_a_later_day_that_another_visit_needs_is_not_offered() -> None:
    """R17: the first day after the window is the only one of another visit."""
    places = room({"anna": [7, 8]})
    found, matching = prospects([visit(1, 0, 1), visit(2, 7, 7)], places, 3)
    nobody = Elsewhere((), {}, ())
    assert ways_to_make_room(found[0], matching, places, nobody, least=3, most=5) == (HeldLater(day(8), ()),)


def test_a_colleague_with_a_full_calendar_is_not_offered_and_nothing_stays_moved() -> None:
    places = room({"anna": [0], "bo": [1, 2]})
    visits = [visit(1, 0, 0), visit(2, 0, 2), visit(3, 1, 2, "bo"), visit(4, 1, 2, "bo")]
    found, matching = prospects(visits, places, 3)
    by_number = {one.visit.visit_id.int: one for one in found}
    ways = ways_to_make_room(by_number[2], matching, places, Elsewhere(("bo",), {}, ()), least=3, most=5)
    assert ways == (VisitMoves(UUID(int=1), InspectorDay("anna", day(0))),)
    assert sorted(one for number in (3, 4) if (one := matching.place_of(UUID(int=number)))) == [
        InspectorDay("bo", day(1)),
        InspectorDay("bo", day(2)),
    ]
