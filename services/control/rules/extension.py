"""A longer compliance deadline: asked for by the company, granted or refused by the inspector, with reasons (R13)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.control.rules.phases import Running
from shared.contracts.control import ExtensionGranted, ExtensionRefused, ExtensionRequested, ExtensionWish
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import booking_due_at, control_window, extended
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy


@dataclass(frozen=True)
class RequestExtension:
    """The company asks for a longer deadline."""

    at: datetime
    policy: Policy
    extension_id: UUID
    person: str
    told: ExtensionWish


@dataclass(frozen=True)
class GrantExtension:
    """The inspector grants a longer deadline."""

    at: datetime
    policy: Policy
    extension_id: UUID
    """Id of the extension if nobody asked for it."""
    by: str
    by_inspector: bool
    """Whether an inspector grants it, not a supporter."""
    until: date
    reasons: str


@dataclass(frozen=True)
class RefuseExtension:
    """The inspector refuses the requested extension."""

    at: datetime
    by: str
    reasons: str


def request(course: Running, command: RequestExtension) -> ExtensionRequested:
    """R13: records that the company asks for a longer deadline.

    Allowed until a control has decided the matter, or by policy until the deadline; only one request at a time.
    """
    deadline = course.deadline
    with every_fault() as check:
        if command.policy.extension.asked_until == "deadline" and deadline.has_passed(command.at):
            check.note(Refused("R13", "the deadline has passed on {last_day}", last_day=deadline.last_day))
        if course.extension is not None:
            check.note(Refused("R13", "asked for at {at} already", at=course.extension.requested_at.isoformat()))
        check(refuse_no_longer, course, command.told.until, command.at)
    return ExtensionRequested(
        agreement_id=course.started.agreement_id,
        extension_id=command.extension_id,
        requested_at=command.at,
        requested_by=command.person,
        **dict(command.told),
    )


def grant(course: Running, command: GrantExtension) -> ExtensionGranted:
    """R13: grants a requested extension; after the deadline only an inspector can, who then needs no request."""
    with every_fault() as check:
        if course.deadline.has_passed(command.at):
            check(refuse_after_the_deadline, course, command)
        elif course.extension is None:
            check.note(Refused("R13", "nobody has asked for a longer deadline"))
        check(refuse_no_longer, course, command.until, command.at)
    extension_id = course.extension.extension_id if course.extension else command.extension_id
    return _granted(course, extension_id, command.until, command.at, command.policy, command.reasons)


def would_be_granted(course: Running, until: date, at: datetime, policy: Policy) -> ExtensionGranted:
    """R13: returns what a longer deadline would be, for a preview; refuses a day that is no later, or is over."""
    refuse_no_longer(course, until, at)
    return _granted(course, course.started.agreement_id, until, at, policy, None)


def _granted(
    course: Running, extension_id: UUID, until: date, at: datetime, policy: Policy, reasons: str | None
) -> ExtensionGranted:
    deadline = extended(course.deadline, until, at, policy)
    return ExtensionGranted(
        agreement_id=course.started.agreement_id,
        extension_id=extension_id,
        inspector=course.inspector,
        granted_at=at,
        accepted_at=course.started.accepted_at,
        compliance_deadline=deadline,
        control_window=control_window(deadline, policy, before=course.window_after_deadline),
        books_control_at=booking_due_at(deadline, policy),
        reasons=reasons,
    )


def refuse(course: Running, command: RefuseExtension) -> ExtensionRefused:
    """R13: records that the inspector refuses the requested extension; the deadline stays as it is."""
    if course.extension is None:
        raise Refused("R13", "nobody has asked for a longer deadline")
    return ExtensionRefused(
        agreement_id=course.started.agreement_id,
        extension_id=course.extension.extension_id,
        refused_at=command.at,
        refused_by=command.by,
        reasons=command.reasons,
    )


def refuse_after_the_deadline(course: Running, command: GrantExtension) -> None:
    """R13: refuses a grant after the deadline by a supporter, or by anybody if the policy forbids it."""
    last_day = course.deadline.last_day
    if not command.policy.extension.granted_after_deadline:
        raise Refused("R13", "the deadline has passed on {last_day}", last_day=last_day)
    if not command.by_inspector:
        raise Refused("R13", "after {last_day} only the inspector may still grant", last_day=last_day)


def refuse_no_longer(course: Running, until: date, at: datetime) -> None:
    """R13: refuses a new last day that is not later than the present one, or that is already over."""
    last_day = course.deadline.last_day
    with every_fault() as check:
        if not course.deadline.is_over_on(until):
            check.note(Refused("R13", "{until} is not later than {last_day}", until=until, last_day=last_day))
        if until < local_day(at):
            check.note(Refused("R13", "{until} is over", until=until))
