"""Brings in courses of another system as offers would import them: by its decider, with the origin of their facts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.offers.rules.answers import Accept, Decline
from services.offers.rules.contacts import NameContact
from services.offers.rules.delivery import RecordDelivery
from services.offers.rules.eligibility import Unit
from services.offers.rules.included_places import FoundIn
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.withdrawal import Withdraw
from shared.contracts import offers
from shared.contracts.vocabulary import ContactDetails, ContactRole
from shared.eventstore.clock import VirtualClock
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata, Origin
from shared.policy.policies import load_policies
from tests.unit.offers.offer_facts import CVR, send

POLICIES = load_policies()
_AT_ONCE = 32


@dataclass(frozen=True)
class Course:
    """A course as the other system had it; the days are counted back from the day of the import."""

    offered: int
    accepted: int | None = None
    declined: int | None = None
    withdrawn: int | None = None


OPEN = Course(offered=10)
UNANSWERED = Course(offered=60)
"""Its time to answer is over, and nobody has recorded that it lapsed."""
DECLINED = Course(offered=60, declined=40)
RUNNING = Course(offered=45, accepted=35)
"""Guidance was due before the import, and is overdue after it; the compliance deadline is to come."""
OVER = Course(offered=220, accepted=200)
"""Its compliance deadline and the window of its control are over."""
WITHDRAWN = Course(offered=60, withdrawn=50)
KINDS = {"open": OPEN, "unanswered": UNANSWERED, "declined": DECLINED, "running": RUNNING, "over": OVER}


@asynccontextmanager
async def store_of_offers(dsn: str, clock: VirtualClock) -> AsyncIterator[EventStore]:
    """Opens the store of offers beside the running service, as an import does."""
    async with (
        open_database(dsn, "offers") as database,
        EventStore(database, EventTypes(offers.FACTS), clock) as store,
    ):
        yield store


async def bring_in(
    store: EventStore,
    courses: Sequence[Course],
    now: datetime,
    *,
    inspector: str,
    origin: Origin = Origin.IMPORTED,
    first_unit: int = 0,
) -> list[UUID]:
    """Records the facts of these courses, each at a unit of its own; returns their ids in the same order."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, course: Course) -> UUID:
        async with at_once:
            return await _bring_in(store, course, now, f"10{first_unit + number:08d}", inspector, origin)

    return list(await asyncio.gather(*(one(number, course) for number, course in enumerate(courses))))


async def _bring_in(
    store: EventStore, course: Course, now: datetime, p_number: str, inspector: str, origin: Origin
) -> UUID:
    agreement_id = uuid4()

    async def record(days_ago: int, command: Any) -> None:
        metadata = Metadata(command_id=uuid4(), actor="import", origin=origin)
        at = now - timedelta(days=days_ago)
        await execute(store, [Intent(OFFER, agreement_id, command)], at=at, metadata=metadata)

    def policy(days_ago: int) -> Any:
        return POLICIES.at(now - timedelta(days=days_ago))

    unit, offered = Unit(p_number, CVR, "day-care"), now - timedelta(days=course.offered)
    told = {"at": offered, "policy": policy(course.offered), "unit": unit, "p_number": p_number}
    await record(course.offered, send(agreement_id=agreement_id, inspector=inspector, **told))
    details = ContactDetails(name="Somebody", email=f"{p_number}@company.example")
    await record(course.offered, NameContact(offered, "company-1", uuid4(), ContactRole.LEGALLY_RESPONSIBLE, details))
    await record(course.offered, RecordDelivery(offered, offered, policy(course.offered)))
    if course.withdrawn is not None:
        at = now - timedelta(days=course.withdrawn)
        await record(course.withdrawn, Withdraw(at, "Made twice.", policy(course.withdrawn)))
    if course.declined is not None:
        at = now - timedelta(days=course.declined)
        await record(course.declined, Decline(at, CVR, "company-1", None, unit))
    if course.accepted is not None:
        at = now - timedelta(days=course.accepted)
        yes = Accept(at, policy(course.accepted), CVR, "company-1", True, None, unit, (), FoundIn(None))
        await record(course.accepted, yes)
    return agreement_id
