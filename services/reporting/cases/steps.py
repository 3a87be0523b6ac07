"""What can be pending in a case: a step, who takes it, by when, and the tasks that an inspector has because of it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Party(StrEnum):
    """Who must take the next step."""

    COMPANY = "company"
    INSPECTOR = "inspector"
    AUTHORITY = "authority"
    ORDER_SYSTEM = "order-system"


class Step(StrEnum):
    """What must happen next (R26)."""

    DELIVER_OFFER = "deliver_offer"
    ANSWER_OFFER = "answer_offer"
    SET_DEADLINE = "set_deadline"
    OFFER_GUIDANCE = "offer_guidance"
    ANSWER_GUIDANCE = "answer_guidance"
    HOLD_GUIDANCE = "hold_guidance"
    SEND_DOCUMENTATION = "send_documentation"
    HOLD_CONTROL = "hold_control"
    RECORD_RESULT = "record_result"
    ANSWER_HEARING = "answer_hearing"
    REQUEST_ORDER = "request_order"
    ISSUE_ORDER = "issue_order"
    RESUME_INSPECTION = "resume_inspection"
    OFFER_SPREAD = "offer_spread"
    ANSWER_EXTENSION = "answer_extension"
    HOLD_FOLLOW_UP = "hold_follow_up"
    COMPLY_WITH_ORDER = "comply_with_order"
    DECIDE_APPEAL = "decide_appeal"
    DECIDE_ON_CHANGED_UNIT = "decide_on_changed_unit"
    CLOSE_CASE = "close_case"


class TaskKind(StrEnum):
    """Tasks, by the rule that asks for them."""

    OFFER_UNANSWERED = "offer-unanswered"
    """R5: ask whether the offer was received and understood."""
    ANSWER_RECEIVED = "answer-received"
    """R7, R29: act on the company's answer, or on its silence."""
    GUIDANCE_DUE = "guidance-due"
    """R12: offer guidance; its day has come."""
    GUIDANCE_OVERDUE = "guidance-overdue"
    """R12: offer guidance; its last day is over."""
    LOOK_INTO_GUIDANCE = "look-into-guidance"
    """R12: it escalates: not the inspector's own, but for whoever leads the work."""
    DOCUMENTATION_RECEIVED = "documentation-received"
    """R16, R29: read it before the control."""
    CONTROL_TO_HOLD = "control-to-hold"
    """R17: hold the control within its window."""
    DAY_AMONG_FEW = "day-among-few"
    """R18: a control that is not announced was drawn among few days, and can be guessed; make room or announce it."""
    WINDOW_AT_RISK = "window-at-risk"
    """R17: a control may have to be held after its window; make room, or say why it will be late."""
    PLACE_NOT_FOUND = "place-not-found"
    """R7, R17: a control, or the inspection after a no, has no day in the calendar; make room by the end of its window.
    """
    HEARING_RUNNING = "hearing-running"
    """R22: the company is being heard; wait for its answer."""
    ORDER_TO_REQUEST = "order-to-request"
    """R22: the hearing is over; ask for the order."""
    MEND_DELIVERY = "mend-delivery"
    """R4: it did not arrive."""
    ANSWER_EXTENSION = "answer-extension"
    """R13: grant or refuse a longer deadline."""
    INSPECTION_TO_HOLD = "inspection-to-hold"
    """R7: the new inspection after a no."""
    ORDER_OVERDUE = "order-overdue"
    """R22: asked for, and not issued."""
    CONFLICT_TO_LOOK_INTO = "conflict-to-look-into"
    """R8, R41: accepted before a breach became known, or beside an order or another agreement on the topic."""
    UNIT_CHANGED = "unit-changed"
    """R40: withdraw and offer anew, or carry over to the new owner."""
    FOLLOW_UP_DUE = "follow-up-due"
    """R24: see whether the measures are still used."""


class Pending(NamedTuple):
    """Something that must still happen in a case."""

    step: Step | None
    """None for what an inspector has to see to beside the course of the case."""
    by: Party
    due: datetime | None = None
    """An exclusive end; None where nothing sets a date."""
    tasks: tuple[TaskKind, ...] = ()
    """Those that stand open because of it, with the same due time; none while nobody needs to act on it yet."""


def next_of(pending: Iterable[Pending]) -> Pending | None:
    """R26: returns the first of the pending steps, which must happen next; None if no step is left."""
    return next((one for one in pending if one.step is not None), None)
