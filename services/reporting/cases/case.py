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
"""What a case is made of."""


@dataclass(frozen=True)
class Case(TimeSpent, Order, After, Control, Guidance, Offer, Deadlines, Core):
    """All areas together, for a rule reads what it needs of any. Without slots, for the sake of `changed`."""


Columns = dict[str, Any]
"""Columns of a case by name: what a rule says that a fact changes, and no more."""
_BLANK = Case("authority", UUID(int=0), CaseType.AGREEMENT, datetime.min, datetime.min)  # noqa: DTZ901 - replaced


_COLUMNS = len(fields(Case))


def refuse_unknown(columns: Columns) -> None:
    """What a rule sets is a column of the row; a row to which something was added has one too many."""
    if len(columns) != _COLUMNS:
        raise UnknownColumn(", ".join(sorted(columns.keys() - vars(_BLANK).keys())))


def changed(case: Case, columns: Columns) -> Case:
    """Like dataclasses.replace, which takes ten times as long for so many fields. Raises UnknownColumn."""
    after = vars(case) | columns
    refuse_unknown(after)
    return of_columns(after)


def of_columns(columns: dict[str, Any]) -> Case:
    """The row with these columns, which must be all there are; it keeps the dict for itself."""
    case = object.__new__(Case)
    object.__setattr__(case, "__dict__", columns)
    return case


def blank_columns() -> Columns:
    """The columns of a row of which nothing is known yet, in a dict of its own."""
    return dict(vars(_BLANK))


def unopened(audience: Audience, case_id: UUID, case_type: CaseType, at: datetime) -> Case:
    """The row of a case of which nothing is known yet but that a fact at `at` names it."""
    known = {"audience": audience, "case_id": case_id, "case_type": case_type, "opened_at": at, "updated_at": at}
    return changed(_BLANK, known)


def with_deadlines(case: Case, **deadlines: Deadline) -> Columns:
    """R27: a deadline is kept with all that explains it."""
    return {"deadlines": {**case.deadlines, **{name: deadline.as_json for name, deadline in deadlines.items()}}}


def answered(before: Mapping[str, Any] | None, involvement: Involvement) -> Mapping[str, Any] | None:
    """R33: a side is as it was told last; who did not ask again has not taken an answer back."""
    told = {side: participation for side, participation in involvement if participation is not None}
    return {**(before or {}), **told} if told else before
