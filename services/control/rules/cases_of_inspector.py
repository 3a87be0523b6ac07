"""Index of open cases by the inspector who is responsible: the names that they reserve (R15, R42)."""

from collections.abc import Mapping
from typing import assert_never
from uuid import UUID

from services.control.planning.rules.place_names import escaped
from services.control.rules.phases import AfterNo, Broken, Kept, NotStarted, Running, State, Stopped
from services.control.rules.requested_order_state import RequestedOrder

OPEN_CASES = "responsible/"
"""What the names of all open cases begin with."""


def name_of_open_case(state: State) -> frozenset[str]:
    """R15: returns the name by which a case is found that somebody still has to do something about; none if closed."""
    match state:
        case Running(inspector=inspector, started=started):
            return frozenset({open_case_name(inspector, started.agreement_id)})
        case AfterNo() if _awaited(state.orders) or (not state.orders and state.concluded is None):
            return frozenset({open_case_name(state.inspector, state.noted.agreement_id)})
        case Broken(course=course) if _awaited(state.orders) or not state.orders:
            return frozenset({open_case_name(course.inspector, course.started.agreement_id)})
        case Kept(course=course) if state.fulfilled.follow_up_on is not None and not state.followed_up:
            return frozenset({open_case_name(course.inspector, course.started.agreement_id)})
        case NotStarted() | Stopped() | AfterNo() | Broken() | Kept():
            return frozenset()
        case _:
            assert_never(state)


def open_case_name(inspector: str, agreement_id: UUID) -> str:
    """Returns the name that an open case reserves."""
    return f"{open_cases_of(inspector)}{agreement_id}"


def open_cases_of(inspector: str) -> str:
    """Returns the prefix of the names of all open cases of an inspector, and of no other names."""
    return f"{OPEN_CASES}{escaped(inspector)}/"


def cases_by_inspector(names: Mapping[str, UUID]) -> Mapping[str, frozenset[UUID]]:
    """R15: returns the open cases by the inspector's id, from the names of open cases with their holders."""
    found: dict[str, set[UUID]] = {}
    for name, stream in names.items():
        inspector = name.removeprefix(OPEN_CASES).rpartition("/")[0]
        found.setdefault(inspector.replace("%2F", "/").replace("%25", "%"), set()).add(stream)
    return {inspector: frozenset(streams) for inspector, streams in found.items()}


def _awaited(orders: tuple[RequestedOrder, ...]) -> bool:
    """R7, R22: returns whether an order was requested that the order system has not issued yet."""
    return any(order.issued_as is None for order in orders)
