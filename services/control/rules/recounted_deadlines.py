"""The deadlines of a course, counted again by a corrected calendar; a company's never to an earlier day (R27).

They are the compliance deadline (R10), the window of the control (R17), and the hearing before an order (R22).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.control.rules.phases import Broken, Running, State
from shared.contracts.control import (
    ComplianceDeadlineRecounted,
    ControlWindowRecounted,
    HearingDeadlineRecounted,
    HearingOpened,
)
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import booking_due_at, control_window
from shared.deadlines.recounting import DateName, OtherDate, RecountDeadlines, other_dates
from shared.eventstore.events import Event
from shared.policy.policies import Policies


def differing(state: State, at: datetime, policies: Policies) -> tuple[OtherDate, ...]:
    """R10, R17, R22: returns the open deadlines of a course for which the calendar of today gives another last day."""
    return other_dates(_open_deadlines(state), at, policies)


def recount(state: State, command: RecountDeadlines) -> Sequence[Event]:
    """R27: moves the open deadlines of a course to what the corrected calendar gives; none of those that have passed.

    The window after the compliance deadline moves along with it, as with an extension (R13).
    """
    moved = {
        other.name: (other.standing, other.moved(command.at))
        for other in differing(state, command.at, command.policies)
        if other.stays is None
    }
    match state:
        case Running():
            return tuple(_moved_in(state, command, moved))
        case Broken(hearing=HearingOpened() as hearing) if DateName.HEARING in moved:
            return (_hearing(hearing, command, *moved[DateName.HEARING]),)
        case _:
            return ()


def _open_deadlines(state: State) -> dict[DateName, Deadline]:
    match state:
        case Running():
            window = state.window(state.started.agreement_id)
            return {DateName.COMPLIANCE: state.deadline, DateName.CONTROL_WINDOW: window}
        case Broken(hearing=HearingOpened() as hearing, heard=False):
            return {DateName.HEARING: hearing.answer_deadline}
        case _:
            return {}


def _moved_in(
    course: Running, command: RecountDeadlines, moved: dict[DateName, tuple[Deadline, Deadline]]
) -> Iterator[Event]:
    window_moves_along = False
    if DateName.COMPLIANCE in moved:
        window_moves_along = course.complete is None
        yield _compliance(course, command, *moved[DateName.COMPLIANCE])
    if DateName.CONTROL_WINDOW in moved and not window_moves_along:
        previous, window = moved[DateName.CONTROL_WINDOW]
        yield ControlWindowRecounted(
            agreement_id=course.started.agreement_id,
            previous=previous,
            control_window=window,
            recounted_at=command.at,
            recounted_by=command.by,
            reason=command.reason,
        )


def _compliance(
    course: Running, command: RecountDeadlines, previous: Deadline, deadline: Deadline
) -> ComplianceDeadlineRecounted:
    policy = command.policies.version(course.window_after_deadline.policy)
    return ComplianceDeadlineRecounted(
        agreement_id=course.started.agreement_id,
        inspector=course.inspector,
        accepted_at=course.started.accepted_at,
        previous=previous,
        compliance_deadline=deadline,
        control_window=control_window(deadline, policy, before=course.window_after_deadline),
        books_control_at=booking_due_at(deadline, policy),
        recounted_at=command.at,
        recounted_by=command.by,
        reason=command.reason,
    )


def _hearing(
    hearing: HearingOpened, command: RecountDeadlines, previous: Deadline, deadline: Deadline
) -> HearingDeadlineRecounted:
    """R22: it expires as long after its last day as before."""
    return HearingDeadlineRecounted(
        agreement_id=hearing.agreement_id,
        previous=previous,
        answer_deadline=deadline,
        expires_at=deadline.ends_at + (hearing.expires_at - previous.ends_at),
        recounted_at=command.at,
        recounted_by=command.by,
        reason=command.reason,
    )
