"""Facts of the authority's order system and other case systems (R25, R26), keyed by the foreign case."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, TypeVar
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import Centre, WorkPhase
from shared.eventstore.events import Event
from shared.visibility import Shown, ShownToCompany

SOURCE = "order-system"
"""The `ce_source` of the order system's facts; other case systems have names of their own."""


class OrderKind(StrEnum):
    """R25: the ordinary reactions."""

    IMMEDIATE = "immediate"
    WITH_DEADLINE = "with_deadline"
    OTHER = "other"


class OtherCaseKind(StrEnum):
    """R26: cases that are neither agreements nor orders."""

    INSPECTION = "inspection"
    INVESTIGATION = "investigation"
    OTHER_REACTION = "other_reaction"


T = TypeVar("T")
_WhenNoVisit = Annotated[T, ShownToCompany(where="case_kind", among=(OtherCaseKind.OTHER_REACTION,))]
"""R18: an inspection or investigation is hidden until a later fact tells of it: its announcement, or its closing."""


class OrderIssued(Event):
    """R25: an order was issued; linked to its agreement where it follows from one."""

    held: ClassVar[str] = "issued_on"
    case_id: Shown[UUID]
    order_kind: Shown[OrderKind]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str | None] = None
    inspector: Shown[str | None] = None
    issued_on: Shown[date]
    deadline: Shown[date | None] = None
    agreement_id: Shown[UUID | None] = None
    request_id: Shown[UUID | None] = None
    centre: Centre | None = None
    """R42: of the inspector, where the order system knows it."""
    number: Shown[str | None] = None
    """R26: the order system's own number of the order."""


class OrderDeadlineMoved(Event):
    """R25: the order has another deadline."""

    held: ClassVar[str] = "moved_on"
    case_id: Shown[UUID]
    deadline: Shown[date]
    moved_on: Shown[date]


class OrderAppealed(Event):
    """R25: an appeal in time suspends the order."""

    held: ClassVar[str] = "appealed_on"
    case_id: Shown[UUID]
    appealed_on: Shown[date]
    suspends: Shown[bool]


class OrderCompliedWith(Event):
    """R25: the company did what the order demanded."""

    held: ClassVar[str] = "complied_on"
    case_id: Shown[UUID]
    complied_on: Shown[date]


class OrderRevoked(Event):
    """R25: the order no longer stands."""

    held: ClassVar[str] = "revoked_on"
    case_id: Shown[UUID]
    revoked_on: Shown[date]


class OrderTimeRecorded(Event):
    """R37: an inspector's time on an order, to be shown beside that on agreements."""

    held: ClassVar[str] = "on_day"
    case_id: UUID
    phase: WorkPhase
    minutes: Annotated[int, Field(ge=1)]
    on_day: date


class OtherCaseOpened(Event):
    """R26: an inspection, investigation or other reaction, kept as a fact from another system."""

    held: ClassVar[str] = "opened_on"
    case_id: _WhenNoVisit[UUID]
    case_kind: _WhenNoVisit[OtherCaseKind]
    cvr: _WhenNoVisit[str]
    p_number: _WhenNoVisit[str]
    topic: _WhenNoVisit[str | None] = None
    inspector: _WhenNoVisit[str | None] = None
    opened_on: _WhenNoVisit[date]
    agreement_id: _WhenNoVisit[UUID | None] = None
    centre: Centre | None = None
    """R42: of the inspector, where that system knows it."""
    number: _WhenNoVisit[str | None] = None
    """R26: that system's own number of the case."""


class OtherCaseAnnounced(Event):
    """R18, R26: the company was told of an inspection or investigation, and may see the case from now on."""

    held: ClassVar[str] = "announced_on"
    case_id: Shown[UUID]
    case_kind: Shown[OtherCaseKind]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str | None] = None
    inspector: Shown[str | None] = None
    announced_on: Shown[date]
    day: Shown[date | None] = None
    """On which it takes place, where the company was told that."""
    agreement_id: Shown[UUID | None] = None
    number: Shown[str | None] = None


class OtherCaseClosed(Event):
    """R26: the other system closed its case. The company may see it from now on; what it learns is in this fact."""

    held: ClassVar[str] = "closed_on"
    case_id: Shown[UUID]
    closed_on: Shown[date]
    case_kind: Shown[OtherCaseKind | None] = None
    """None, as all that follows, in facts of earlier releases: then it is as the fact says that opened the case."""
    cvr: Shown[str | None] = None
    p_number: Shown[str | None] = None
    topic: Shown[str | None] = None
    inspector: Shown[str | None] = None
    agreement_id: Shown[UUID | None] = None
    number: Shown[str | None] = None


FACTS: tuple[type[Event], ...] = (
    OrderIssued,
    OrderDeadlineMoved,
    OrderAppealed,
    OrderCompliedWith,
    OrderRevoked,
    OrderTimeRecorded,
    OtherCaseOpened,
    OtherCaseAnnounced,
    OtherCaseClosed,
)
