"""The flow in a network agrees with the rule on what is impossible, and finds a rule that is wrong (R17)."""

from collections.abc import Sequence
from datetime import date
from random import Random
from uuid import UUID

import pytest

from benchmarks import impossible
from benchmarks.impossible import Network, disagreement, draw_instance, flow_of
from services.control.planning.rules.matching import InspectorDay, Matching
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Room

pytestmark = pytest.mark.rule("R17")
MONDAY = date(2027, 3, 1)


def test_the_flow_of_a_network_that_needs_a_detour() -> None:
    """The first path that is found blocks the second one unless a part of its flow is taken back."""
    network = Network(6)
    for begins, ends, capacity in ((0, 2, 1), (0, 3, 1), (2, 4, 1), (2, 5, 1), (3, 4, 1), (4, 1, 1), (5, 1, 3)):
        network.join(begins, ends, capacity)
    assert network.largest_flow(0, 1) == 2


def test_two_visits_of_one_day_have_room_for_one() -> None:
    place = InspectorDay("anna", MONDAY)
    visits = [AwaitedVisit(UUID(int=number), ("anna",), MONDAY, MONDAY) for number in range(2)]
    assert flow_of(visits, Room({place: 1})) == 1
    assert flow_of(visits, Room({place: 2})) == 2


def test_the_flow_agrees_on_drawn_calendars() -> None:
    compared = [disagreement(*draw_instance(Random(seed))) for seed in range(60)]
    assert [differs for _, differs in compared if differs is not None] == []
    assert sum(found for found, _ in compared) > 100


def test_a_matching_that_moves_nobody_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def takes_what_is_free(self: Matching, visit: UUID, possible: Sequence[InspectorDay]) -> bool:
        for place in possible:
            if len(self._visits[place]) < self._room.get(place, 0):
                self._possible[visit], self._place[visit] = possible, place
                self._visits[place].add(visit)
                return True
        return False

    monkeypatch.setattr(Matching, "give", takes_what_is_free)
    assert any(impossible.disagreement(*draw_instance(Random(seed)))[1] for seed in range(60))
