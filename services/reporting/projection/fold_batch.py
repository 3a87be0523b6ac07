"""Fold a batch of facts in memory: rows as they were in, rows as they are out, no I/O."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from services.reporting.cases import case_projection, links, measures, places, quarantines, tasks
from services.reporting.cases.case import Case, changed, unopened
from services.reporting.cases.case_projection import Draft, Reached
from services.reporting.cases.case_types import AUDIENCES, Audience, CaseType
from services.reporting.cases.effective_time import effective_from
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.links import Link, Links
from services.reporting.cases.measures import MeasureRow, Measures
from services.reporting.cases.places import PlaceRow, Places
from services.reporting.cases.quarantines import Quarantine, Quarantines
from services.reporting.cases.tasks import Task
from services.reporting.cases.units import Unit, unit_of
from services.reporting.projection.fact import Fact
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.eventstore.events import Event, Origin

_AUTHORITY_ALONE: tuple[Audience, ...] = ("authority",)


@dataclass
class Rows:
    """The rows that a batch is about, by their keys."""

    cases: dict[tuple[Audience, UUID], Case] = field(default_factory=dict)
    history: list[Reached] = field(default_factory=list)
    tasks: dict[UUID, list[Task]] = field(default_factory=dict)
    measures: dict[UUID, Measures] = field(default_factory=dict)
    places: dict[UUID, Places] = field(default_factory=dict)
    units: dict[tuple[str, date], Unit] = field(default_factory=dict)
    quarantines: dict[UUID, Quarantines] = field(default_factory=dict)
    links: dict[UUID, Links] = field(default_factory=dict)

    def of(self, case_ids: Iterable[UUID]) -> "Rows":
        """Returns the rows of some cases, in new mappings."""
        found = Rows()
        for case_id in case_ids:
            for audience in AUDIENCES:
                if (audience, case_id) in self.cases:
                    found.cases[audience, case_id] = self.cases[audience, case_id]
            for of_all, of_these in zip(self._by_case(), found._by_case(), strict=True):
                if case_id in of_all:
                    of_these[case_id] = of_all[case_id]
        return found

    def take(self, others: "Rows") -> None:
        """Adds rows of cases; they replace existing ones."""
        self.cases |= others.cases
        for of_all, of_others in zip(self._by_case(), others._by_case(), strict=True):
            of_all.update(of_others)

    def forget(self, case_id: UUID) -> None:
        """Removes the rows of a case."""
        for audience in AUDIENCES:
            self.cases.pop((audience, case_id), None)
        for of_all in self._by_case():
            of_all.pop(case_id, None)

    def _by_case(self) -> tuple[dict[UUID, Any], ...]:
        return self.tasks, self.measures, self.places, self.quarantines, self.links

    def all_tasks(self) -> list[Task]:
        return [task for of_case in self.tasks.values() for task in of_case]

    def all_places(self) -> list[PlaceRow]:
        return [row for of_case in self.places.values() for row in of_case.values()]

    def all_quarantines(self) -> list[Quarantine]:
        return [row for of_case in self.quarantines.values() for row in of_case.values()]

    def all_links(self) -> list[Link]:
        return [row for of_case in self.links.values() for row in of_case.values()]

    def all_measures(self) -> list[MeasureRow]:
        return [row for of_case in self.measures.values() for row in of_case.values()]


def by_case(facts: Iterable[Fact]) -> dict[UUID, list[Fact]]:
    """Returns facts by the cases that they concern, in order; each case can be folded without the others."""
    of_cases: dict[UUID, list[Fact]] = {}
    for fact in facts:
        for case_id in (fact.understood.follows, fact.understood.case_id):
            if case_id is not None:
                of_cases.setdefault(case_id, []).append(fact)
    return of_cases


def units_told_of(facts: Iterable[Fact]) -> list[UnitRegistered | UnitCeased]:
    """Returns what the business register reports of units."""
    events = (fact.event for fact in facts)
    return [event for event in events if type(event) is UnitRegistered or type(event) is UnitCeased]


def fold_batch(rows: Rows, facts: Sequence[Fact]) -> Rows:
    """Changes `rows` by facts in order, and returns them. History is only added to."""
    fold_units(rows, units_told_of(facts))
    for case_id, of_case in by_case(facts).items():
        fold_case(rows, case_id, of_case)
    return rows


def fold_units(rows: Rows, told: Iterable[UnitRegistered | UnitCeased]) -> None:
    """Changes the rows of units; a later fact for the same day replaces an earlier one."""
    for event in told:
        rows.units[event.p_number, event.effective_from] = unit_of(event)


def fold_case(rows: Rows, case_id: UUID, facts: Iterable[Fact]) -> None:
    """Changes the rows of one case, and all rows that belong to it, by the facts that concern it.

    As long as both audiences know the same, a fact is folded once for both.
    """
    drafts: dict[Audience, Draft] = {}
    known = rows.cases.get(("authority", case_id))
    know_the_same = _alike(known, rows.cases.get(("company", case_id)))
    of_case = rows.tasks.get(case_id, [])
    for fact in facts:
        event, at = fact.event, fact.occurred_at
        if event is None:
            continue
        is_own = fact.understood.case_id == case_id
        told = AUDIENCES if fact.understood.seen_by_company else _AUTHORITY_ALONE
        if know_the_same and not _is_told_to_all(event, told, known):
            know_the_same = False
            if drafts:
                drafts["company"] = Draft(_as_the_company_has_it(drafts["authority"].case))
        for audience in _AUTHORITY_ALONE if know_the_same else told:
            draft = drafts.get(audience)
            if draft is None:
                case_type = case_projection.type_of_case(type(event)) if is_own else CaseType.AGREEMENT
                row = rows.cases.get((audience, case_id)) or unopened(audience, case_id, case_type, at)
                draft = drafts[audience] = Draft(row)
            authority = drafts["authority"].case if "authority" in drafts else None
            as_known = case_projection.as_told(event, audience, authority)
            reached = draft.reached_by(as_known) if is_own else None
            if reached is not None:
                held_at = effective_from(event, at, draft.case)
                for knows in AUDIENCES if know_the_same else (audience,):
                    rows.history.append(Reached(knows, case_id, fact.position, reached, held_at, fact.recorded_at))
            draft.take(as_known, at, fact.origin if is_own else Origin.LIVE)
        of_case = tasks.fold(of_case, drafts["authority"].case, drafts["authority"].pending, at)
        if is_own:
            _fold_others(rows, case_id, event)
            if links.rules.about(type(event)):
                for audience in told:
                    rows.links[case_id] = links.fold(
                        rows.links.get(case_id, {}), case_projection.as_told(event, audience, None), audience
                    )
    rows.tasks[case_id] = of_case
    for audience, draft in drafts.items():
        rows.cases[audience, case_id] = draft.finished()
    if know_the_same and drafts:
        rows.cases["company", case_id] = _as_the_company_has_it(rows.cases["authority", case_id])


def _is_told_to_all(event: Event, told: Sequence[Audience], known: Case | None) -> bool:
    """R18: both audiences may know of the fact, and the same of it."""
    return told is AUDIENCES and case_projection.as_told(event, "company", known) is event


def _alike(authority: Case | None, company: Case | None) -> bool:
    """Whether both say the same, or neither is there."""
    if authority is None or company is None:
        return authority is company
    return vars(company) | {"audience": "authority"} == vars(authority)


def _as_the_company_has_it(case: Case) -> Case:
    return changed(case, {"audience": "company"})


_WHAT_HANGS_ON_CASES: Mapping[str, Rules[Any, Any]] = {
    "measures": measures.rules,
    "places": places.rules,
    "quarantines": quarantines.rules,
}
"""Rules of what has rows of its own beside its case, by the mapping of Rows that holds these rows."""


@cache
def _rules_of_others(event_type: type[Event]) -> Sequence[tuple[str, Callable[[Any, Event], Any]]]:
    """What facts of a type change beside the row of their case; for most types nothing."""
    return [(name, rule) for name, rules in _WHAT_HANGS_ON_CASES.items() for rule in rules.about(event_type)]


def _fold_others(rows: Rows, case_id: UUID, event: Event) -> None:
    """What hangs on a case, by the facts that are about it."""
    for name, rule in _rules_of_others(type(event)):
        of_cases = getattr(rows, name)
        of_cases[case_id] = rule(of_cases.get(case_id, {}), event)
