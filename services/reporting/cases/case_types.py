"""For whom a case is told, what it is, and where it stands: the codes of every row."""

from enum import StrEnum
from typing import Literal

Audience = Literal["authority", "company"]
AUDIENCES: tuple[Audience, ...] = ("authority", "company")


class CaseType(StrEnum):
    """R26: what stands in the one view."""

    AGREEMENT = "agreement"
    ORDER = "order"
    OTHER = "other"


class Status(StrEnum):
    """Where a case stands."""

    OFFERED = "offered"
    DELIVERED = "delivered"
    RUNNING = "running"
    AWAITING_CONTROL = "awaiting_control"
    FULFILLED = "fulfilled"
    BREACHED = "breached"
    TERMINATED = "terminated"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    ISSUED = "issued"
    APPEALED = "appealed"
    COMPLIED_WITH = "complied_with"
    REVOKED = "revoked"
    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """The fact that opens the case has not come yet."""
