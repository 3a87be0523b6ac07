"""Facts of the authority's order system and other case systems (R25, R26), keyed by the foreign case."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import WorkPhase
from shared.eventstore.events import Event

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


class OrderIssued(Event):
    """R25: an order was issued; linked to its agreement where it follows from one."""

    case_id: UUID
    order_kind: OrderKind
    cvr: str
    p_number: str
    topic: str | None = None
    inspector: str | None = None
    issued_on: date
    deadline: date | None = None
    agreement_id: UUID | None = None
    request_id: UUID | None = None


class OrderDeadlineMoved(Event):
    """R25: the order has another deadline."""

    case_id: UUID
    deadline: date
    moved_on: date


class OrderAppealed(Event):
    """R25: an appeal in time suspends the order."""

    case_id: UUID
    appealed_on: date
    suspends: bool


class OrderCompliedWith(Event):
    """R25: the company did what the order demanded."""

    case_id: UUID
    complied_on: date


class OrderRevoked(Event):
    """R25: the order no longer stands."""

    case_id: UUID
    revoked_on: date


class OrderTimeRecorded(Event):
    """R37: an inspector's time on an order, to be shown beside that on agreements."""

    case_id: UUID
    phase: WorkPhase
    minutes: Annotated[int, Field(ge=1)]
    on_day: date


class OtherCaseOpened(Event):
    """R26: an inspection, investigation or other reaction, kept as a fact from another system."""

    case_id: UUID
    case_kind: OtherCaseKind
    cvr: str
    p_number: str
    topic: str | None = None
    inspector: str | None = None
    opened_on: date
    agreement_id: UUID | None = None


class OtherCaseClosed(Event):
    """R26: the other system closed its case."""

    case_id: UUID
    closed_on: date


FACTS: tuple[type[Event], ...] = (
    OrderIssued,
    OrderDeadlineMoved,
    OrderAppealed,
    OrderCompliedWith,
    OrderRevoked,
    OrderTimeRecorded,
    OtherCaseOpened,
    OtherCaseClosed,
)
