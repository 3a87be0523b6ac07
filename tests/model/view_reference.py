"""What the one view must show of an agreement, made of the reference: status, next step, tasks (R26).

Imports nothing of the product. Where the world chooses by itself (the day of an inspection) a due time is left open.
"""

from dataclasses import dataclass
from datetime import date, datetime

from tests.model.danish_days import ONE_DAY, after, midnight
from tests.model.reference import AfterNo, Agreement, Course

OPEN = object()
"""A due time that the world chose."""
TASKS = {
    "mend-delivery",
    "guidance-due",
    "guidance-overdue",
    "documentation-received",
    "control-to-hold",
    "hearing-running",
    "order-to-request",
    "answer-extension",
    "conflict-to-look-into",
    "follow-up-due",
    "inspection-to-hold",
    "unit-changed",
}
"""Those that are compared; others hang on when something became known."""


@dataclass(frozen=True)
class Step:
    """Something that must happen next."""

    step: str
    by: str
    due: object = None


def status(one: Agreement, *, company: bool = False) -> str:
    """R18: a company does not know of a control that was not announced."""
    course = one.control
    if one.offer == "sent":
        return "offered"
    if one.offer in ("delivered", "declined", "lapsed", "withdrawn"):
        return one.offer
    if not isinstance(course, Course) or course.status != "running":
        return course.status if isinstance(course, Course) else "running"
    awaited = course.complete_at is not None or course.results or _booked(course, company=company)
    return "awaiting_control" if awaited else "running"


def next_steps(one: Agreement, now: datetime, *, changed: bool, company: bool = False) -> list[Step]:
    """All that may be named as the next one: of what stands open, that which is due first. Nothing where none.

    R40: first what becomes of a unit of an open offer or running agreement that is another's.
    """
    course = one.control
    if changed and _is_open(one):
        return [Step("decide_on_changed_unit", "inspector")]
    if one.offer == "sent":
        return [Step("deliver_offer", "authority")]
    if one.offer == "delivered":
        assert one.answer_by is not None
        return [Step("answer_offer", "company", after(one.answer_by))]
    if isinstance(course, AfterNo):
        return _after_no(one, course, company=company)
    if not isinstance(course, Course) or course.status == "terminated":
        return []
    if course.status == "fulfilled":
        assert course.follow_up_on is not None
        return [] if course.followed_up else [Step("hold_follow_up", "inspector", after(course.follow_up_on))]
    if course.status == "breached":
        return _after_breach(course)
    return _while_running(one, course, now, company=company)


def _is_open(one: Agreement) -> bool:
    course = one.control
    running = isinstance(course, Course) and course.status == "running"
    return running or (course is None and one.offer in ("sent", "delivered", "accepted"))


def _is_left(one: Agreement) -> bool:
    """R40: whether something is yet to come: an answer, a control, an inspection, an order, a follow-up."""
    match one.control:
        case AfterNo() as matter:
            return not matter.spread and not matter.concluded
        case Course(status="fulfilled") as course:
            return not course.followed_up
        case Course(status="breached") as course:
            return not course.ordered
        case _:
            return _is_open(one)


def tasks(one: Agreement, now: datetime, *, in_conflict: bool, changed: bool) -> set[str]:
    """The inspector's, as far as they are compared."""
    course = one.control
    found = {"mend-delivery"} if one.offer == "sent" and one.undelivered else set()
    if changed and _is_left(one):
        found.add("unit-changed")
    if isinstance(course, AfterNo):
        return found | ({"inspection-to-hold"} if not course.spread and not course.concluded else set())
    if not isinstance(course, Course):
        return found
    if course.status == "running":
        found |= _tasks_while_running(one, course, now)
    if in_conflict:
        found.add("conflict-to-look-into")
    if course.status == "breached":
        found |= {"hearing-running"} if not course.heard else set()
        found |= {"order-to-request"} if course.heard and not course.ordered else set()
    if course.status == "fulfilled" and course.follow_up_on is not None and not course.followed_up:
        found |= {"follow-up-due"} if now >= midnight(course.follow_up_on) else set()
    return found


def _tasks_while_running(one: Agreement, course: Course, now: datetime) -> set[str]:
    found = set()
    if one.guidance == "awaited" and one.guidance_due is not None:
        if now >= after(one.guidance_due + 14 * ONE_DAY):
            found.add("guidance-overdue")
        elif now >= midnight(one.guidance_due):
            found.add("guidance-due")
    if course.documented:
        found.add("documentation-received")
    if course.bookings:
        found.add("control-to-hold")
    if course.asked:
        found.add("answer-extension")
    return found


def _after_no(one: Agreement, matter: AfterNo, *, company: bool) -> list[Step]:
    if matter.spread or matter.outcome == "order":
        return [] if matter.issued else [Step("issue_order", "order-system")]
    if not matter.concluded:  # a company knows of no inspection, only that an offer has followed
        return [] if company and one.followed else [Step("resume_inspection", "inspector", OPEN)]
    return [Step("offer_spread", "inspector")] if matter.outcome == "spread_offer" and not one.followed else []


def _after_breach(course: Course) -> list[Step]:
    if not course.heard:
        assert course.hearing is not None
        return [Step("answer_hearing", "company", after(course.hearing))]
    if not course.ordered:
        return [Step("request_order", "inspector")]
    units = {course.places[place] for place in course.violating}
    return [Step("issue_order", "order-system")] if units - course.issued else []


def _while_running(one: Agreement, course: Course, now: datetime, *, company: bool) -> list[Step]:
    deadline = after(course.deadline)
    found = [Step("answer_extension", "inspector", deadline)] if course.asked else []
    unoffered = []
    if one.guidance == "awaited" and one.guidance_due is not None and not company:
        unoffered = [Step("offer_guidance", "inspector", after(one.guidance_due))]
    overdue = one.guidance_due is not None and now >= after(one.guidance_due + 14 * ONE_DAY)
    if one.guidance == "offered":
        found.append(Step("answer_guidance", "company", deadline))
    if one.guidance == "accepted":
        found.append(Step("hold_guidance", "inspector", deadline))
    days = [day for booking in _booked(course, company=company) if isinstance(day := booking["day"], date)]
    control = Step("hold_control", "inspector", after(min(days)) if days else OPEN)
    # R12: guidance that is overdue comes after a control that waits for nothing more.
    before_control = found if overdue else [*found, *unoffered]
    if course.complete_at is not None:
        return _first([*before_control, control])
    awaited = _first([*found, *unoffered, Step("send_documentation", "company", deadline)])
    # Once the deadline has passed, a control that is booked then no longer waits for documentation.
    return awaited if now < deadline else [*awaited, *_first([*before_control, control])]


def _booked(course: Course, *, company: bool) -> list[dict[str, object]]:
    return [booking for booking in course.bookings.values() if booking["announced"] or not company]


def _first(steps: list[Step]) -> list[Step]:
    """Those that are due first; one whose due time is open may be it, and so may all that are due with it."""
    dues = [step.due for step in steps if isinstance(step.due, datetime)]
    if not dues:
        return steps
    return [step for step in steps if step.due is OPEN or step.due == min(dues)]
