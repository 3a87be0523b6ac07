"""What could save a visit: proposals that a person may take, and that change nothing by themselves (R18, R21)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.control.planning.rules.calendar import FreePlace, WhyNotFree
from services.control.planning.rules.visit import Visit, VisitKind
from services.control.rules.booking import days_inside, is_left_at
from services.control.rules.included_places import require_place
from services.control.rules.phases import Running
from shared.contracts.vocabulary import ContactForm, ProposalKind
from shared.deadlines.copenhagen import local_day
from shared.policy.policy import Policy
from shared.reference.reference import topics

RECENT_VISIT = "recent-visit"
"""R18: code of the reason for a control that is no visit: the inspector was there a short while ago."""
PlaceOn = Callable[[date], FreePlace | WhyNotFree]


@dataclass(frozen=True)
class Proposal:
    """A way to control a place with a visit less."""

    kind: ProposalKind
    place_id: UUID
    day: date | None
    """Of the other visit; None where it is past."""
    visit_id: UUID
    """The meeting or visit that stands anyway, or was held."""
    announced: bool
    """R18: whether the company was told of that visit, so that it could expect the control with it."""
    reported_back: bool
    """R21: whether the company has said that it is done."""


def proposals(
    course: Running, at: datetime, policy: Policy, visits: Sequence[Visit], place_on: PlaceOn
) -> tuple[Proposal, ...]:
    """R18, R21: returns what could save a visit, for each place whose control is hidden or not booked yet.

    `visits` are those of the responsible inspector, and `place_on` tells whether a day has room for one more.
    """
    return tuple(
        proposal
        for place in course.awaited
        if is_left_at(course, place) and not _is_announced(course, place)
        for proposal in (
            *_meetings(course, place, visits, policy),
            *_joined(course, place, days_inside(course, place, at, policy), visits, place_on),
            *_by_phone(course, place, at, policy),
        )
    )


def could_join(course: Running, place: UUID, visits: Iterable[Visit]) -> Iterator[Visit]:
    """R17: yields the visits to the unit of a place that are for something else, and hold at the company."""
    unit = require_place(course, place).p_number
    for visit in visits:
        is_other = visit.stream != course.started.agreement_id and visit.kind is not VisitKind.HELD_PLACE
        is_there = visit.p_number == unit and visit.form is ContactForm.VISIT
        if is_other and is_there and visit.inspector == course.inspector:
            yield visit


def allows_phone(course: Running, place: UUID, at: datetime, policy: Policy) -> UUID | None:
    """R18: returns the meeting because of which a booked control may be one by phone; None if it may not.

    Guidance is given where the matter arose, so other places were not visited. The company must have reported back.
    """
    booking = course.bookings.get(place)
    if place != course.started.agreement_id or course.complete is None or booking is None:
        return None
    return recent_visit(course, at, policy) if booking.form is ContactForm.VISIT else None


def recent_visit(course: Running, at: datetime, policy: Policy) -> UUID | None:
    """R18: returns the latest guidance meeting at the company within the policy's days; None if there is none."""
    since = local_day(at) - timedelta(days=policy.control.recent_visit_days)
    held = [
        one
        for one in course.meetings.values()
        if one.form is ContactForm.VISIT and since <= local_day(one.held_at) <= local_day(at)
    ]
    return max(held, key=lambda one: one.held_at).meeting_id if held else None


def _is_announced(course: Running, place: UUID) -> bool:
    booking = course.bookings.get(place)
    return booking is not None and booking.announced


def _meetings(course: Running, place: UUID, visits: Sequence[Visit], policy: Policy) -> Iterator[Proposal]:
    if topics()[course.started.topic].group in policy.control.guidance_into_control_not_for:
        return
    unit = require_place(course, place).p_number
    for visit in visits:
        is_own = visit.stream == course.started.agreement_id and visit.p_number == unit
        if is_own and visit.kind is VisitKind.GUIDANCE_MEETING and visit.form is ContactForm.VISIT:
            yield Proposal(
                ProposalKind.MEETING_IS_CONTROL,
                place,
                visit.day,
                visit.visit_id,
                announced=True,
                reported_back=course.complete is not None,
            )


def _joined(
    course: Running, place: UUID, inside: Sequence[date], visits: Sequence[Visit], place_on: PlaceOn
) -> Iterator[Proposal]:
    standing = course.bookings.get(place) or course.plans.get(place)
    days = set(inside) - ({standing.day} if standing else set())
    for visit in could_join(course, place, visits):
        if visit.day in days and isinstance(place_on(visit.day), FreePlace):
            yield Proposal(
                ProposalKind.JOINED_VISIT,
                place,
                visit.day,
                visit.visit_id,
                announced=visit.announced,
                reported_back=course.complete is not None,
            )


def _by_phone(course: Running, place: UUID, at: datetime, policy: Policy) -> Iterator[Proposal]:
    meeting = allows_phone(course, place, at, policy)
    if meeting is not None:
        yield Proposal(ProposalKind.BY_PHONE, place, None, meeting, announced=True, reported_back=True)
