"""Fold a batch of facts in memory: rows as they were in, rows as they are out, no I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.reporting import case_projection, measures, places, quarantines, tasks
from services.reporting.case import AUDIENCES, Audience, Case, CaseType, unopened
from services.reporting.case_projection import Reached
from services.reporting.measures import MeasureRow, Measures
from services.reporting.places import PlaceRow, Places
from services.reporting.quarantines import Quarantine
from services.reporting.tasks import Task
from services.reporting.units import Unit, unit_of
from shared.contracts.offers import QuarantineEnded, QuarantineImposed
from shared.contracts.register import UnitRegistered
from shared.kernel.cloudevents import Message
from shared.kernel.events import Event
from shared.kernel.received import Received

_Concerning = tuple[int, Event, Message, CaseType]
"""A fact that concerns a case: its position, what it says, its message, and of which type the case is by it."""


@dataclass
class Rows:
    """The rows that a batch is about, by their keys."""

    cases: dict[tuple[Audience, UUID], Case] = field(default_factory=dict)
    history: list[Reached] = field(default_factory=list)
    tasks: dict[UUID, list[Task]] = field(default_factory=dict)
    measures: dict[UUID, Measures] = field(default_factory=dict)
    places: dict[UUID, Places] = field(default_factory=dict)
    units: dict[tuple[str, date], Unit] = field(default_factory=dict)
    quarantines: dict[tuple[UUID, str], Quarantine] = field(default_factory=dict)

    def all_tasks(self) -> list[Task]:
        return [task for of_case in self.tasks.values() for task in of_case]

    def all_places(self) -> list[PlaceRow]:
        return [row for of_case in self.places.values() for row in of_case.values()]

    def all_measures(self) -> list[MeasureRow]:
        return [row for of_case in self.measures.values() for row in of_case.values()]


def cases_concerned(facts: Iterable[Received]) -> set[UUID]:
    """The cases whose rows must be at hand before the batch is folded."""
    return {case_id for event in _events(facts) for case_id, _ in case_projection.concerned(event)}


def quarantines_concerned(facts: Iterable[Received]) -> set[UUID]:
    """The agreements whose quarantines must be at hand."""
    return {event.agreement_id for event in _events(facts) if isinstance(event, QuarantineImposed | QuarantineEnded)}


def units_concerned(facts: Iterable[Received]) -> set[str]:
    """The units whose rows must be at hand, by P-number."""
    return {event.p_number for event in _events(facts) if isinstance(event, UnitRegistered)}


def fold_batch(rows: Rows, facts: Sequence[tuple[int, Received]]) -> Rows:
    """Change `rows` by facts with their positions, in order; also returned. History is only added to."""
    of_cases: dict[UUID, list[_Concerning]] = {}
    for position, fact in facts:
        if fact.event is not None:
            for case_id, case_type in case_projection.concerned(fact.event):
                of_cases.setdefault(case_id, []).append((position, fact.event, fact.message, case_type))
            _fold_others(rows, fact.event)
    for case_id, concerning in of_cases.items():
        _fold_case(rows, case_id, concerning)
    return rows


def _fold_case(rows: Rows, case_id: UUID, concerning: Sequence[_Concerning]) -> None:
    cases = {audience: case for audience in AUDIENCES if (case := rows.cases.get((audience, case_id))) is not None}
    of_case = rows.tasks.get(case_id, [])
    for position, event, message, case_type in concerning:
        at = message.occurred_at
        for audience in case_projection.audiences(event):
            before = cases.get(audience) or unopened(audience, case_id, case_type, at)
            after = cases[audience] = case_projection.fold(before, event, at)
            reached = case_projection.reached(before, after, position, event, message)
            if reached is not None:
                rows.history.append(reached)
        of_case = tasks.fold(of_case, cases["authority"], at)
    rows.tasks[case_id] = of_case
    for audience, case in cases.items():
        rows.cases[audience, case_id] = case_projection.with_next_step(case)


def _fold_others(rows: Rows, event: Event) -> None:
    event_type, case_id = type(event), case_projection.own_case(event)
    if case_id is not None and event_type in measures.fold:
        rows.measures[case_id] = measures.fold(rows.measures.get(case_id, {}), event)
    if case_id is not None and event_type in places.fold:
        rows.places[case_id] = places.fold(rows.places.get(case_id, {}), event)
    if isinstance(event, UnitRegistered):
        unit = unit_of(event)
        rows.units[unit.p_number, unit.effective_from] = unit
    if isinstance(event, QuarantineImposed | QuarantineEnded):
        key = (event.agreement_id, event.p_number or quarantines.WHOLE_ENTITY)
        rows.quarantines[key] = quarantines.fold(rows.quarantines.get(key), event)


def _events(facts: Iterable[Received]) -> Iterable[Event]:
    return (fact.event for fact in facts if fact.event is not None)
