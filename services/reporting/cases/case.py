"""One row of the view: a case as one audience sees it, with what all areas know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from services.reporting.cases.areas.after import After
from services.reporting.cases.areas.control import Control
from services.reporting.cases.areas.core import Core
from services.reporting.cases.areas.deadlines import Deadlines
from services.reporting.cases.areas.guidance import Guidance
from services.reporting.cases.areas.offer import Offer
from services.reporting.cases.areas.order import Order
from services.reporting.cases.areas.time_spent import TimeSpent
from services.reporting.cases.case_types import Audience, CaseType
from services.reporting.cases.errors import UnknownColumn
from shared.contracts.vocabulary import Involvement
from shared.deadlines.deadline import Deadline

AREAS: tuple[type[Any], ...] = (Core, Deadlines, Offer, Guidance, Control, After, Order, TimeSpent)
"""The areas of a case; together they are its row."""


@dataclass(frozen=True)
class Case(TimeSpent, Order, After, Control, Guidance, Offer, Deadlines, Core):
    """All areas of a case in one row, because a rule may read any of them. Without slots, for the sake of `changed`."""


Columns = dict[str, Any]
"""Columns of a case by name: what a rule says that a fact changes, and no more."""
_BLANK = Case("authority", UUID(int=0), CaseType.AGREEMENT, datetime.min, datetime.min)  # noqa: DTZ901 - replaced


_COLUMNS = len(fields(Case))


def refuse_unknown(columns: Columns) -> None:
    """Raises UnknownColumn if a rule has added a column that no row has."""
    if len(columns) != _COLUMNS:
        raise UnknownColumn(", ".join(sorted(columns.keys() - vars(_BLANK).keys())))


def changed(case: Case, columns: Columns) -> Case:
    """Returns a copy of the row with these columns. Raises UnknownColumn.

    dataclasses.replace would take ten times as long for so many fields.
    """
    after = vars(case) | columns
    refuse_unknown(after)
    return of_columns(after)


def of_columns(columns: dict[str, Any]) -> Case:
    """Returns the row with these columns, which must be complete; the row keeps the dict itself."""
    case = object.__new__(Case)
    object.__setattr__(case, "__dict__", columns)
    return case


def blank_columns() -> Columns:
    """Returns the columns of a row of which nothing is known yet, in a new dict."""
    return dict(vars(_BLANK))


def unopened(audience: Audience, case_id: UUID, case_type: CaseType, at: datetime) -> Case:
    """Returns the row of a case of which nothing is known yet except that a fact at `at` names it."""
    known = {"audience": audience, "case_id": case_id, "case_type": case_type, "opened_at": at, "updated_at": at}
    return changed(_BLANK, known)


def with_deadlines(case: Case, **deadlines: Deadline) -> Columns:
    """R27: returns the deadlines of the case with these added or replaced, each with all that explains it."""
    return {"deadlines": {**case.deadlines, **{name: deadline.as_json for name, deadline in deadlines.items()}}}


def answered(before: Mapping[str, Any] | None, involvement: Involvement) -> Mapping[str, Any] | None:
    """R33: returns the involvement of each side as it was last reported.

    A report that does not ask about a side leaves that side's earlier answer as it is.
    """
    told = {side: participation for side, participation in involvement if participation is not None}
    return {**(before or {}), **told} if told else before
