"""Occasions of control visits: the company is told of announced ones only (R17, R18, R29)."""

from collections.abc import Iterator

from services.notices.rules.moments import days_before
from services.notices.rules.occasion import (
    AT_THE_UNIT,
    VISITOR,
    WITH_LEADER,
    Ends,
    Given,
    OccasionRule,
    When,
    ends,
)
from services.notices.rules.occasions.documentation import ENDED
from shared.contracts.control import ControlBooked, PlaceFitsAgain, PlaceNotFound, WindowAtRisk, WindowSafeAgain
from shared.contracts.notices import Occasion
from shared.contracts.public_forms import (
    AnnouncedControlCancelled,
    ControlCompleted,
    ControlTurnedIntoGuidance,
    FreshInvestigationNeeded,
)
from shared.deadlines.copenhagen import end_of
from shared.eventstore.events import Event


def _announced(fact: ControlBooked, _: Given) -> Iterator[When]:
    """R18: nothing is said of a visit that is not announced."""
    if fact.announced:
        yield When(fact.booked_at, end_of(fact.day), about=_place(fact))


def _cancelled(fact: AnnouncedControlCancelled, given: Given) -> Iterator[When]:
    yield given.at_once(about=str(fact.control_id))


def _soon(fact: ControlBooked, given: Given) -> Iterator[When]:
    """R18, R29: some days before the visit, for whoever goes; the company may know the day only of an announced one."""
    due = days_before(fact.day, given.policy.notices.visit_days, given.policy)
    code = "announced" if fact.announced else "unannounced"
    yield When(due, end_of(fact.day), about=_place(fact), person=fact.inspector, code=code)


def _of_window(fact: WindowAtRisk | PlaceNotFound, given: Given) -> Iterator[When]:
    """R17: until the window has passed."""
    yield When(given.at, max(end_of(fact.last_day), given.at_once().latest_at), about=str(fact.place_id))


def _place(fact: ControlBooked | ControlCompleted | ControlTurnedIntoGuidance | FreshInvestigationNeeded) -> str:
    """R19: each place of the agreement has its own control; facts of the first release name none."""
    return str(fact.place_id or fact.agreement_id)


def _the_place(fact: PlaceFitsAgain | WindowSafeAgain, about: str) -> bool:
    return about == str(fact.place_id)


def _visited(
    fact: ControlBooked | ControlCompleted | ControlTurnedIntoGuidance | FreshInvestigationNeeded, about: str
) -> bool:
    return about == _place(fact)


_HELD: dict[type[Event], Ends] = dict.fromkeys(
    (ControlCompleted, ControlTurnedIntoGuidance, FreshInvestigationNeeded), _visited
)
OCCASIONS = (
    OccasionRule(
        Occasion.CONTROL_ANNOUNCED,
        "R18, R29",
        AT_THE_UNIT,
        raised_by={ControlBooked: _announced},
        ended_by={**_HELD, **ends(*ENDED)},
        has_legal_effect=True,
    ),
    OccasionRule(
        Occasion.CONTROL_CANCELLED,
        "R18",
        AT_THE_UNIT,
        raised_by={AnnouncedControlCancelled: _cancelled},
        ended_by=ends(*ENDED),
        has_legal_effect=True,
    ),
    OccasionRule(
        Occasion.CONTROL_SOON,
        "R29",
        VISITOR,
        raised_by={ControlBooked: _soon},
        ended_by={**_HELD, **ends(*ENDED)},
        at_once=True,
    ),
    OccasionRule(
        Occasion.WINDOW_AT_RISK,
        "R17",
        WITH_LEADER,
        raised_by={WindowAtRisk: _of_window},
        ended_by={WindowSafeAgain: _the_place, **_HELD, **ends(*ENDED)},
    ),
    OccasionRule(
        Occasion.PLACE_NOT_FOUND,
        "R17",
        WITH_LEADER,
        raised_by={PlaceNotFound: _of_window},
        ended_by={PlaceFitsAgain: _the_place, ControlBooked: _visited, **_HELD, **ends(*ENDED)},
    ),
)
