"""Links between two cases in conflict: a row of the case whose fact reported it, found from both (R8, R41)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.reporting.cases.case_types import Audience
from services.reporting.cases.fold_rules import Rules
from shared.contracts.control import ConflictEnded, ConflictFlagged
from shared.contracts.offers import AcceptanceConflictEnded, AcceptanceConflictFlagged


class LinkKind(StrEnum):
    """What an agreement is in conflict with."""

    ORDER = "order"
    """R41: an order on its topic at one of its units."""
    AGREEMENT = "agreement"
    """R41: another agreement on its topic at one of its units."""
    QUARANTINE = "quarantine"
    """R8, R41: the breached agreement because of which its acceptance came into a quarantine."""


class Link(NamedTuple):
    """The columns of the table `links`."""

    audience: Audience
    case_id: UUID
    other_case_id: UUID
    kind: LinkKind
    since: datetime
    ended_at: datetime | None = None


Links = Mapping[tuple[Audience, UUID, LinkKind], Link]
"""The links that the facts of a case reported, as an audience may know them."""
rules = Rules[None, tuple[Link, bool]]()
"""Rules that return the link that a fact reports, and whether the fact ends it."""


def fold(links: Links, event: Any, audience: Audience) -> Links:
    """Returns the links of a case after one of its facts, as the audience may know it."""
    for rule in rules.about(type(event)):
        told, ended = rule(None, event)
        key = (audience, told.other_case_id, told.kind)
        before = links.get(key)
        if ended:
            links = {**links, key: (before or told)._replace(audience=audience, ended_at=told.since)}
        else:
            since = told.since if before is None else before.since
            links = {**links, key: told._replace(audience=audience, since=since)}
    return links


@rules.on
def _flagged(_: None, event: ConflictFlagged) -> tuple[Link, bool]:
    kind = LinkKind(event.other_kind)
    return Link("authority", event.agreement_id, event.other_case_id, kind, event.flagged_at), False


@rules.on
def _ended(_: None, event: ConflictEnded) -> tuple[Link, bool]:
    kind = LinkKind(event.other_kind)
    return Link("authority", event.agreement_id, event.other_case_id, kind, event.ended_at), True


@rules.on
def _acceptance_flagged(_: None, event: AcceptanceConflictFlagged) -> tuple[Link, bool]:
    return Link("authority", event.agreement_id, event.because_of, LinkKind.QUARANTINE, event.flagged_at), False


@rules.on
def _acceptance_ended(_: None, event: AcceptanceConflictEnded) -> tuple[Link, bool]:
    return Link("authority", event.agreement_id, event.because_of, LinkKind.QUARANTINE, event.ended_at), True
