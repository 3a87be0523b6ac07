"""Fold a batch of facts in memory: rows as they were in, rows as they are out, no I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.reporting import case_projection, measures, places, quarantines, tasks, units
from services.reporting.case import Audience, Case, CaseType, unopened
from services.reporting.case_projection import Draft, Reached
from services.reporting.fact import Fact
from services.reporting.measures import MeasureRow, Measures
from services.reporting.places import PlaceRow, Places
from services.reporting.quarantines import Quarantine
from services.reporting.tasks import Task
from services.reporting.units import Unit
from shared.kernel.events import Event


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


def cases_concerned(facts: Iterable[Fact]) -> set[UUID]:
    """The cases whose rows must be at hand before the batch is folded."""
    return {case_id for event in _events(facts) for case_id, _ in case_projection.concerned(event)}


def quarantines_concerned(facts: Iterable[Fact]) -> set[UUID]:
    """The agreements whose quarantines must be at hand."""
    events: Iterable[Any] = (event for event in _events(facts) if quarantines.rules.about(type(event)))
    return {event.agreement_id for event in events}


def units_concerned(facts: Iterable[Fact]) -> set[str]:
    """The units whose rows must be at hand, by P-number."""
    events: Iterable[Any] = (event for event in _events(facts) if units.rules.about(type(event)))
    return {event.p_number for event in events}


def fold_batch(rows: Rows, facts: Iterable[Fact]) -> Rows:
    """Change `rows` by facts in order; also returned. History is only added to."""
    of_cases: dict[UUID, list[tuple[Fact, Event, CaseType]]] = {}
    for fact in facts:
        if fact.event is not None:
            for case_id, case_type in case_projection.concerned(fact.event):
                of_cases.setdefault(case_id, []).append((fact, fact.event, case_type))
            _fold_others(rows, fact.event)
    for case_id, concerning in of_cases.items():
        fold_case(rows, case_id, concerning)
    return rows


def fold_case(rows: Rows, case_id: UUID, facts: Iterable[tuple[Fact, Event, CaseType]]) -> None:
    """Change the rows of one case by the facts that concern it, each with the type that it says the case has."""
    drafts: dict[Audience, Draft] = {}
    of_case = rows.tasks.get(case_id, [])
    for fact, event, case_type in facts:
        for audience in case_projection.audiences(event):
            draft = drafts.get(audience)
            if draft is None:
                row = rows.cases.get((audience, case_id))
                draft = drafts[audience] = Draft(row or unopened(audience, case_id, case_type, fact.occurred_at))
            reached = draft.take(event, fact.occurred_at)
            if reached is not None and case_projection.own_case(event) == case_id:
                rows.history.append(
                    Reached(audience, case_id, fact.position, reached, fact.occurred_at, fact.recorded_at)
                )
        of_case = tasks.fold(of_case, drafts["authority"].case, fact.occurred_at)
    rows.tasks[case_id] = of_case
    for audience, draft in drafts.items():
        rows.cases[audience, case_id] = draft.finished()


def _fold_others(rows: Rows, event: Event) -> None:
    case_id = case_projection.own_case(event)
    if case_id is not None:
        for of_measures in measures.rules.about(type(event)):
            rows.measures[case_id] = of_measures(rows.measures.get(case_id, {}), event)
        for of_places in places.rules.about(type(event)):
            rows.places[case_id] = of_places(rows.places.get(case_id, {}), event)
    for of_units in units.rules.about(type(event)):
        unit = of_units(rows.units, event)
        rows.units[unit.p_number, unit.effective_from] = unit
    for of_quarantines in quarantines.rules.about(type(event)):
        quarantine = of_quarantines(rows.quarantines, event)
        rows.quarantines[quarantine.agreement_id, quarantine.p_number] = quarantine


def _events(facts: Iterable[Fact]) -> Iterable[Event]:
    return (fact.event for fact in facts if fact.event is not None)
