"""How facts of guidance change an agreement's row: contacts, guidance offered and held (R5, R12, R30, R33, R37)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.reporting.cases.case import Case, Columns, answered, with_deadlines
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.time_spent import spent
from shared.contracts import guidance
from shared.contracts.guidance import GuidanceStands
from shared.contracts.vocabulary import WorkPhase
from shared.deadlines.deadline import Deadline

rules = Rules[Case, Columns]()


@rules.on
def _scheduled(case: Case, event: guidance.GuidanceScheduled) -> Columns:
    known = {
        "inspector": case.inspector or event.inspector,
        "guidance_stands": case.guidance_stands or GuidanceStands.NOT_OFFERED,
    }
    return known | _due(case, event.due)


@rules.on
def _due_recounted(case: Case, event: guidance.GuidanceDueRecounted) -> Columns:
    """R27: the corrected calendar gives another day."""
    return _due(case, event.due)


@rules.on
def _asked(case: Case, event: guidance.OfferUnderstandingAsked) -> Columns:
    """R5: a contact asked the company whether it understood the offer."""
    return _with_contact(case, event)


@rules.on
def _asked_corrected(case: Case, event: guidance.OfferUnderstandingCorrected) -> Columns:
    """R5, R30: a corrected contact replaces what was told of it, and counts as a correction."""
    return _with_contact(case, event) | {"corrections": case.corrections + 1}


@rules.on
def _fell_due(case: Case, event: guidance.GuidanceFellDue) -> Columns:
    """R12: guidance should be offered from now on."""
    return {"guidance_fell_due_at": event.at}


@rules.on
def _overdue(case: Case, event: guidance.GuidanceBecameOverdue) -> Columns:
    """R12: guidance was not offered in time, which escalates."""
    return {"guidance_overdue_at": event.at}


@rules.on
def _offered(case: Case, event: guidance.GuidanceOffered) -> Columns:
    """R12: the first offer counts."""
    return {
        "guidance_stands": GuidanceStands.OFFERED,
        "guidance_offered_at": case.guidance_offered_at or event.offered_at,
        "guidance_in_time": _in_time(case, event.offered_at),
        "guidance_involvement": answered(case.guidance_involvement, event.involvement),
    }


@rules.on
def _accepted(case: Case, event: guidance.GuidanceAccepted) -> Columns:
    """R12: the company takes the guidance that was offered."""
    return {"guidance_stands": GuidanceStands.ACCEPTED, "guidance_accepted_at": event.answered_at}


@rules.on
def _declined(case: Case, event: guidance.GuidanceDeclined) -> Columns:
    """R12: the company does not want guidance, perhaps with a coded reason."""
    return {
        "guidance_stands": GuidanceStands.DECLINED,
        "guidance_declined_at": event.answered_at,
        "guidance_decline_reason": event.reason,
    }


@rules.on
def _closed(case: Case, event: guidance.GuidanceClosed) -> Columns:
    return {"guidance_stands": GuidanceStands.CLOSED}


@rules.on
def _rated(case: Case, event: guidance.UsefulnessRated) -> Columns:
    """R12: the company said how useful the guidance was; the last answer counts."""
    return {"guidance_usefulness": event.usefulness}


@rules.on
def _held(case: Case, event: guidance.GuidanceHeld) -> Columns:
    """R12: a meeting counts as guidance, an informal contact as a contact; both take time."""
    minutes = event.minutes_spent or 0
    meetings = _told(case, event)
    known = {
        "meetings": meetings,
        "guidance_stands": event.stands or (case.guidance_stands if event.informal else GuidanceStands.HELD),
        "guidance_in_time": case.guidance_in_time if event.from_control is None else _in_time(case, event.held_at),
        "guidance_involvement": answered(case.guidance_involvement, event.involvement),
        "guidance_usefulness": event.usefulness or case.guidance_usefulness,
        "informal_contacts": case.informal_contacts + event.informal,
        "guidance_meetings": case.guidance_meetings + (not event.informal),
        "guidance_minutes": case.guidance_minutes + minutes,
        "guidance_held_at": _first_held(meetings, case.guidance_held_at),
    }
    # The minutes of a control that became guidance are control's own.
    return known if event.from_control is not None else known | spent(case, WorkPhase.GUIDANCE, minutes)


@rules.on
def _corrected(case: Case, event: guidance.MeetingCorrected) -> Columns:
    """R30: counts and minutes are those of what the meeting was."""
    before = case.meetings.get(str(event.meeting_id), {"informal": event.informal, "minutes": 0})
    minutes = event.minutes_spent or 0
    more = minutes - before["minutes"]
    moved = int(event.informal) - int(before["informal"])
    meetings = _told(case, event)
    corrected = {
        "meetings": meetings,
        "guidance_stands": event.stands or case.guidance_stands,
        "guidance_involvement": answered(case.guidance_involvement, event.involvement),
        "informal_contacts": case.informal_contacts + moved,
        "guidance_meetings": case.guidance_meetings - moved,
        "guidance_minutes": case.guidance_minutes + more,
        "guidance_held_at": _first_held(meetings, case.guidance_held_at),
        "corrections": case.corrections + 1,
    }
    return corrected | spent(case, WorkPhase.GUIDANCE, more)


def _with_contact(
    case: Case, event: guidance.OfferUnderstandingAsked | guidance.OfferUnderstandingCorrected
) -> Columns:
    """R5, R30: as each contact is told now; whom nobody reached is still to be asked."""
    before = case.contacts.get(str(event.contact_id), {})
    told = {
        "reached": event.reached,
        "understood": event.understood,
        "held_at": event.held_at.isoformat(),
        "minutes": event.minutes_spent or 0,
    }
    contacts = {**case.contacts, str(event.contact_id): told}
    reached = sorted((one for one in contacts.values() if one["reached"]), key=lambda one: one["held_at"])
    known = {
        "contacts": contacts,
        "understanding_asked_at": datetime.fromisoformat(reached[0]["held_at"]) if reached else None,
        "offer_understood": reached[-1]["understood"] if reached else None,
    }
    return known | spent(case, WorkPhase.OFFER, told["minutes"] - before.get("minutes", 0))


def _in_time(case: Case, at: datetime) -> bool | None:
    """R12: whether guidance was offered, the first time, before its due day was over; None where that is not known."""
    due = case.deadlines.get("guidance")
    if case.guidance_in_time is not None or due is None:
        return case.guidance_in_time
    return at < datetime.fromisoformat(due["ends_at"])


def _told(case: Case, event: guidance.GuidanceHeld | guidance.MeetingCorrected) -> dict[str, Any]:
    """Each meeting as it is told now."""
    told = {"informal": event.informal, "minutes": event.minutes_spent or 0, "held_at": event.held_at.isoformat()}
    return {**case.meetings, str(event.meeting_id): told}


def _first_held(meetings: Mapping[str, Any], before: datetime | None) -> datetime | None:
    """R12: when guidance was held first; an informal contact is none. Rows of the first release have no times."""
    guidance_held = [told for told in meetings.values() if not told["informal"]]
    if any("held_at" not in told for told in guidance_held):
        return before
    return min((datetime.fromisoformat(told["held_at"]) for told in guidance_held), default=None)


def _due(case: Case, due: Deadline) -> Columns:
    """R13: what fell due by an earlier date is not due by the new one; that it was overdue still counts."""
    before = case.deadlines.get("guidance")
    moved = before is not None and datetime.fromisoformat(before["ends_at"]) != due.ends_at
    fell_due_at = None if moved else case.guidance_fell_due_at
    return {"guidance_fell_due_at": fell_due_at} | with_deadlines(case, guidance=due)
