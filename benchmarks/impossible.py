"""Checks by a flow which windows are impossible (R17): ./aftale bench impossible [INSTANCES] [--seed 1742].

Draws calendars of one to five inspectors with room for none to two visits a day, some visits announced, and visits with
windows as an agreement has them, of which several inspectors may hold some. Control's own rule says which of them have
no place once all with earlier windows have theirs. A maximum flow (Dinic 1970), which shares no code with it, must
agree: each visit that is called impossible adds nothing to the flow of those before it, and the flow of all is as large
as the number of the others. Prints how many were compared. Exits with 1 at the first that differs. Needs no servers.
"""

import argparse
import sys
from collections import deque
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from uuid import UUID

from services.control.planning.rules.matching import InspectorDay
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Room, prospects

_FIRST_DAY = date(2027, 3, 1)


class Network:
    """A network whose edges have whole capacities, and the largest flow through it by Dinic's algorithm."""

    def __init__(self, nodes: int) -> None:
        self._beside: list[list[int]] = [[] for _ in range(nodes)]
        self._ends: list[int] = []
        self._left: list[int] = []

    def join(self, begins: int, ends: int, capacity: int) -> None:
        """Adds an edge, and the one back that takes a part of its flow back."""
        for one, other, left in ((begins, ends, capacity), (ends, begins, 0)):
            self._beside[one].append(len(self._ends))
            self._ends.append(other)
            self._left.append(left)

    def largest_flow(self, source: int, sink: int) -> int:
        """Returns the largest flow from the source to the sink; to be asked once."""
        flow = 0
        while (levels := self._levels(source))[sink] >= 0:
            following = [0] * len(self._beside)
            while self._pushes(source, sink, levels, following):
                flow += 1
        return flow

    def _levels(self, source: int) -> list[int]:
        levels = [-1] * len(self._beside)
        levels[source] = 0
        queue = deque([source])
        while queue:
            node = queue.popleft()
            for edge in self._beside[node]:
                other = self._ends[edge]
                if self._left[edge] and levels[other] < 0:
                    levels[other] = levels[node] + 1
                    queue.append(other)
        return levels

    def _pushes(self, source: int, sink: int, levels: Sequence[int], following: list[int]) -> bool:
        """Sends one unit along edges that lead a level further; returns False if there is no such path any more."""
        path: list[int] = []
        node = source
        while node != sink:
            edges = self._beside[node]
            while following[node] < len(edges):
                edge = edges[following[node]]
                if self._left[edge] and levels[self._ends[edge]] == levels[node] + 1:
                    break
                following[node] += 1
            if following[node] < len(edges):
                path.append(edges[following[node]])
                node = self._ends[path[-1]]
            elif not path:
                return False
            else:
                node = self._ends[path.pop() ^ 1]
                following[node] += 1
        for edge in path:
            self._left[edge] -= 1
            self._left[edge ^ 1] += 1
        return True


def flow_of(visits: Sequence[AwaitedVisit], room: Room) -> int:
    """Returns how many of these visits can have places at the same time."""
    days = {place: number for number, place in enumerate(room.places, 2 + len(visits))}
    network = Network(2 + len(visits) + len(days))
    for number, visit in enumerate(visits, 2):
        network.join(0, number, 1)
        for place, node in days.items():
            if visit.announced_for is not None:
                is_possible = place == visit.announced_for
            else:
                is_possible = place.inspector in visit.inspectors and visit.first <= place.day <= visit.last
            if is_possible:
                network.join(number, node, 1)
    for place, node in days.items():
        network.join(node, 1, room.places[place])
    return network.largest_flow(0, 1)


def draw_instance(drawn: Random) -> tuple[list[AwaitedVisit], Room]:
    """Draws calendars that are nearly full, and visits whose windows overlap."""
    people = [f"inspector-{number}" for number in range(drawn.randint(1, 5))]
    days = drawn.randint(10, 30)
    places = {
        InspectorDay(who, _FIRST_DAY + timedelta(days=number)): fits
        for who in people
        for number in range(days)
        if (fits := drawn.choice((0, 0, 1, 1, 2)))
    }
    visits = []
    for number in range(round(sum(places.values()) * drawn.uniform(0.8, 1.3))):
        who = tuple(drawn.sample(people, min(len(people), drawn.choice((1, 1, 1, 2)))))
        first = _FIRST_DAY + timedelta(days=drawn.randrange(days))
        last = min(first + timedelta(days=drawn.randint(0, 12)), _FIRST_DAY + timedelta(days=days - 1))
        own = [place for place in places if place.inspector == who[0] and first <= place.day <= last]
        announced = drawn.choice(own) if own and drawn.random() < 0.1 else None
        visits.append(AwaitedVisit(UUID(int=number), who, first, last, announced_for=announced))
    return visits, Room(places)


def disagreement(visits: Sequence[AwaitedVisit], room: Room) -> tuple[int, str | None]:
    """Returns how many visits the rule calls impossible, and what the flow says otherwise; None if it agrees."""
    found, matching = prospects(visits, room, least=1)
    ordered = sorted(visits, key=lambda one: one.order)
    impossible = {one.visit.visit_id for one in found if not one.places_left}
    lacking = {one.visit_id for one in ordered if matching.place_of(one.visit_id) is None}
    if not impossible <= lacking:
        return len(impossible), "a visit that is called impossible has a place"
    if flow_of(ordered, room) != len(ordered) - len(lacking):
        return len(impossible), f"{flow_of(ordered, room)} can have places, not {len(ordered) - len(lacking)}"
    for number, visit in enumerate(ordered):
        if visit.visit_id in lacking and flow_of(ordered[: number + 1], room) != flow_of(ordered[:number], room):
            return len(impossible), f"visit {visit.visit_id.int} can have a place beside those before it"
    return len(impossible), None


def main() -> None:
    """Compares, prints, and exits."""
    asking = argparse.ArgumentParser(prog="./aftale bench impossible", description=(__doc__ or "").split("\n\n")[0])
    asking.add_argument("instances", nargs="?", type=int, default=2_000)
    asking.add_argument("--seed", type=int, default=1742)
    asked = asking.parse_args()
    windows = impossible = 0
    for number in range(asked.instances):
        visits, room = draw_instance(Random(asked.seed + number))
        found, differs = disagreement(visits, room)
        windows, impossible = windows + len(visits), impossible + found
        if differs is not None:
            print(f"FAILED: instance {number}: {differs}")
            sys.exit(1)
    print(
        f"{asked.instances:,} instances, {windows:,} windows, {impossible:,} of them impossible: the flow agrees on all"
    )
    if not impossible:
        sys.exit("FAILED: nothing was impossible, so nothing was compared")


if __name__ == "__main__":
    main()
