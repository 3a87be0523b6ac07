"""Draws futures of the calendars, to see which visits are often left without a place in their windows (R17)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.control.planning.rules.matching import InspectorDay, Matching
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Room
from shared.eventstore.randomness import RandomSource
from shared.policy.policy import Planning


def shares_missed(
    visits: Sequence[AwaitedVisit], room: Room, planning: Planning, chance: RandomSource
) -> Mapping[UUID, float]:
    """R17: returns in which share of drawn futures each visit has no place in its window.

    In each future everything is placed as well as can be, in the order in which windows end. Who is away, which
    deadline is extended, and which control decides nothing and needs another (R21), is drawn by the policy's rates.
    """
    missed = dict.fromkeys((visit.visit_id for visit in visits), 0)
    usual = {visit.visit_id: room.possible(visit) for visit in visits}
    for _ in range(planning.futures):
        for visit_id in _missed_in_one_future(visits, usual, room, planning, chance):
            missed[visit_id] += 1
    return {visit_id: number / planning.futures for visit_id, number in missed.items()}


def _missed_in_one_future(
    visits: Sequence[AwaitedVisit],
    usual: Mapping[UUID, tuple[InspectorDay, ...]],
    room: Room,
    planning: Planning,
    chance: RandomSource,
) -> Iterator[UUID]:
    expected = planning.expected
    away = drawn_absences(room, planning, chance)
    matching = Matching(room.without(away))
    later = timedelta(days=expected.extension_days)
    drawn = []
    for visit in visits:
        if visit.announced_for in away:
            drawn.append(replace(visit, announced_for=None))
        elif visit.may_be_extended and chance.random() < expected.extended:
            drawn.append(replace(visit, first=visit.first + later, last=visit.last + later))
        else:
            drawn.append(visit)
    for before, visit in sorted(zip(visits, drawn, strict=True), key=lambda pair: pair[1].order):
        possible = usual[visit.visit_id] if visit is before else room.possible(visit)
        twice = chance.random() < expected.converted
        if not all(matching.give((visit.visit_id, number), possible) for number in range(1 + twice)):
            yield visit.visit_id


def drawn_absences(room: Room, planning: Planning, chance: RandomSource) -> set[InspectorDay]:
    """R17, R42: draws on which of their days inspectors are away, at random times and for random lengths."""
    expected = planning.expected
    away = set[InspectorDay]()
    if not expected.absences_a_year:
        return away
    for inspector, days in room.days.items():
        begins = 0.0
        while True:
            begins += chance.expovariate(expected.absences_a_year / 365)
            first = days[0] + timedelta(days=int(begins))
            if first > days[-1]:
                break
            last = first + timedelta(days=chance.randint(1, expected.longest_absence_days) - 1)
            away.update(InspectorDay(inspector, day) for day in days if first <= day <= last)
    return away
