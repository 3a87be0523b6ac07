"""Facts that have private parts, in their public form: what states hold and deciders read (R31).

Written by `python -m deploy.contracts`. To the type checker these are classes without the private fields. When the
program runs each is the fact's own class, and a fold has left the private fields out: reading one is an
AttributeError. Rules build a fact from shared.contracts.offers, guidance or control, and read it by its name here.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from shared.contracts.guidance import GuidanceStands
    from shared.contracts.vocabulary import (
        AgreementKind,
        Centre,
        ContactForm,
        ContactRole,
        ControlOutcome,
        Decision,
        Grounds,
        InvestigationOutcome,
        Involvement,
        JudgedBy,
        Measure,
        MeasureObservation,
        MeetingCancelCause,
        PersonRole,
        Place,
        Side,
        SpokeWith,
        WorkingHours,
        WorkPhase,
    )
    from shared.deadlines.deadline import Deadline
    from shared.eventstore.events import Event

    class OfferSent(Event):
        agreement_id: UUID
        inspector: str
        response_rule: str
        letter_version: str
        sent_at: datetime
        slot: int
        is_carried_over: bool
        centre: Centre | None
        number: str | None
        kind: AgreementKind
        cvr: str
        p_number: str
        topic: str
        inspection_id: str
        period_months: int
        grounds: Grounds | None
        follows: UUID | None
        carries_over: UUID | None

    class DeliveryCorrected(Event):
        agreement_id: UUID
        available_at: datetime
        response_deadline: Deadline
        halfway_at: datetime
        lapses_at: datetime
        corrected_at: datetime
        corrected_by: str

    class ResponseDeadlineRecounted(Event):
        agreement_id: UUID
        previous: Deadline
        response_deadline: Deadline
        halfway_at: datetime
        lapses_at: datetime
        recounted_at: datetime
        recounted_by: str

    class CaseTakenOver(Event):
        agreement_id: UUID
        live_from: datetime
        taken_over_at: datetime
        taken_over_by: str

    class OfferReassigned(Event):
        agreement_id: UUID
        previous: str
        reassigned_at: datetime
        reassigned_by: str
        centre: Centre | None
        inspector: str

    class ContactNamed(Event):
        agreement_id: UUID
        contact_id: UUID
        role: ContactRole
        named_at: datetime
        named_by: str

    class QuestionAsked(Event):
        agreement_id: UUID
        question_id: UUID
        asked_at: datetime
        asked_by: str

    class Accepted(Event):
        agreement_id: UUID
        kind: AgreementKind
        cvr: str
        p_number: str
        topic: str
        inspector: str
        period_months: int
        accepted_at: datetime
        accepted_by: str
        reason: str | None
        places: tuple[Place, ...]
        carries_over: UUID | None

    class Withdrawn(Event):
        agreement_id: UUID
        rule: str
        withdrawn_at: datetime
        because_of: UUID | None
        breach_is_own: bool

    class TimeCorrected(Event):
        agreement_id: UUID
        entry_id: UUID
        inspector: str
        on_day: date
        previous_phase: WorkPhase
        previous_minutes: int
        corrected_at: datetime
        corrected_by: str
        phase: WorkPhase
        minutes: int

    class InternalNoteWritten(Event):
        agreement_id: UUID
        note_id: UUID
        written_at: datetime
        written_by: str

    class OfferUnderstandingAsked(Event):
        agreement_id: UUID
        contact_id: UUID
        held_at: datetime
        inspector: str
        initiated_by: Side
        form: ContactForm
        reached: bool
        received: bool | None
        understood: bool | None
        knows_dates: bool | None
        participants: tuple[str, ...]
        minutes_spent: int | None

    class OfferUnderstandingCorrected(Event):
        agreement_id: UUID
        contact_id: UUID
        corrected_at: datetime
        corrected_by: str
        held_at: datetime
        received: bool | None
        understood: bool | None
        knows_dates: bool | None
        participants: tuple[str, ...]
        minutes_spent: int | None
        form: ContactForm
        reached: bool

    class GuidanceDueRecounted(Event):
        agreement_id: UUID
        previous: Deadline
        due: Deadline
        coming_due_at: datetime
        overdue_at: datetime
        recounted_at: datetime
        recounted_by: str

    class GuidanceMeetingCancelled(Event):
        agreement_id: UUID
        meeting_id: UUID
        cause: MeetingCancelCause
        was_booked: bool | None
        cancelled_at: datetime

    class GuidanceHeld(Event):
        agreement_id: UUID
        meeting_id: UUID
        held_at: datetime
        inspector: str
        from_control: UUID | None
        stands: GuidanceStands | None
        initiated_by: Side
        usefulness: int | None
        form: ContactForm
        participants: tuple[str, ...]
        involvement: Involvement
        minutes_spent: int | None
        informal: bool
        purposes: tuple[str, ...]

    class MeetingCorrected(Event):
        agreement_id: UUID
        meeting_id: UUID
        corrected_at: datetime
        corrected_by: str
        held_at: datetime
        participants: tuple[str, ...]
        involvement: Involvement
        minutes_spent: int | None
        informal: bool
        purposes: tuple[str, ...]
        stands: GuidanceStands | None
        form: ContactForm

    class ExtensionRequested(Event):
        agreement_id: UUID
        extension_id: UUID
        requested_at: datetime
        requested_by: str
        until: date

    class ExtensionGranted(Event):
        agreement_id: UUID
        extension_id: UUID
        inspector: str
        granted_at: datetime
        accepted_at: datetime
        compliance_deadline: Deadline
        control_window: Deadline
        books_control_at: datetime

    class ExtensionRefused(Event):
        agreement_id: UUID
        extension_id: UUID
        refused_at: datetime
        refused_by: str

    class ComplianceDeadlineRecounted(Event):
        agreement_id: UUID
        inspector: str
        accepted_at: datetime
        previous: Deadline
        compliance_deadline: Deadline
        control_window: Deadline
        books_control_at: datetime
        recounted_at: datetime
        recounted_by: str

    class ControlWindowRecounted(Event):
        agreement_id: UUID
        previous: Deadline
        control_window: Deadline
        recounted_at: datetime
        recounted_by: str

    class InspectorChanged(Event):
        agreement_id: UUID
        previous: str
        changed_at: datetime
        changed_by: str
        centre: Centre | None
        inspector: str

    class Terminated(Event):
        agreement_id: UUID
        by: Side
        terminated_at: datetime
        terminated_by: str
        carried_over_to: UUID | None
        reason: str | None

    class DocumentationReceived(Event):
        agreement_id: UUID
        part: int
        received_at: datetime
        sent_by: str
        control_window: Deadline | None
        measures: tuple[Measure, ...]
        complete: bool
        places: tuple[UUID, ...]

    class RedrawAsked(Event):
        agreement_id: UUID
        place_id: UUID
        requested_at: datetime
        requested_by: str

    class AnnouncedControlCancelled(Event):
        agreement_id: UUID
        control_id: UUID
        cancelled_at: datetime

    class ControlCompleted(Event):
        agreement_id: UUID
        control_id: UUID
        held_at: datetime
        inspector: str
        within_window: bool
        place_id: UUID | None
        from_meeting: UUID | None
        late_reason: str | None
        minutes_spent: int | None
        outcome: ControlOutcome
        form: ContactForm
        form_reason: str | None
        judged_by: tuple[JudgedBy, ...]
        spoke_with: tuple[SpokeWith, ...]
        measures: tuple[MeasureObservation, ...]
        involvement: Involvement
        added_measures: tuple[Measure, ...]
        spread_further: bool | None
        carried_on: tuple[UUID, ...]

    class ControlTurnedIntoGuidance(Event):
        agreement_id: UUID
        control_id: UUID
        held_at: datetime
        inspector: str
        place_id: UUID | None
        window_used_up: bool
        form: ContactForm
        reason: str
        participants: tuple[str, ...]
        purposes: tuple[str, ...]
        involvement: Involvement
        minutes_spent: int | None

    class FreshInvestigationNeeded(Event):
        agreement_id: UUID
        control_id: UUID
        place_id: UUID
        held_at: datetime
        inspector: str
        window_used_up: bool
        later_visit: bool
        spoke_with: tuple[SpokeWith, ...]

    class OtherFindingRecorded(Event):
        agreement_id: UUID
        finding_id: UUID
        control_id: UUID
        found_at: datetime
        inspector: str
        topic: str | None

    class ControlCorrected(Event):
        agreement_id: UUID
        control_id: UUID
        place_id: UUID
        corrected_at: datetime
        corrected_by: str
        form_reason: str | None
        measures: tuple[MeasureObservation, ...]
        involvement: Involvement
        held_at: datetime | None
        within_window: bool | None
        late_reason: str | None
        minutes_spent: int | None
        outcome: ControlOutcome
        form: ContactForm
        judged_by: tuple[JudgedBy, ...]
        spoke_with: tuple[SpokeWith, ...]

    class DecisionRevoked(Event):
        agreement_id: UUID
        decision: Decision
        cvr: str
        breached_units: tuple[str, ...]
        revoked_at: datetime
        revoked_by: str
        decided_at: datetime | None

    class HearingDeadlineRecounted(Event):
        agreement_id: UUID
        previous: Deadline
        answer_deadline: Deadline
        expires_at: datetime
        recounted_at: datetime
        recounted_by: str

    class HearingAnswered(Event):
        agreement_id: UUID
        answered_at: datetime
        answered_by: str
        oral: bool
        participants: tuple[str, ...]
        noted_by: str | None

    class OrderRequested(Event):
        agreement_id: UUID
        request_id: UUID
        cvr: str
        p_number: str
        topic: str
        requested_at: datetime
        requested_by: str
        rule: str
        remind_at: datetime | None
        overdue_at: datetime | None
        control_ids: tuple[UUID, ...]

    class InvestigationConcluded(Event):
        agreement_id: UUID
        inspection_id: UUID
        held_at: datetime
        inspector: str
        outcome: InvestigationOutcome
        minutes_spent: int | None

    class FollowUpHeld(Event):
        agreement_id: UUID
        held_at: datetime
        inspector: str
        form: ContactForm
        spoke_with: tuple[SpokeWith, ...]
        measures: tuple[MeasureObservation, ...]
        minutes_spent: int | None
        added_measures: tuple[Measure, ...]
        spread_further: bool | None
        carried_on: tuple[UUID, ...]

    class PersonListed(Event):
        person_id: str
        listed_at: datetime
        listed_by: str
        roles: tuple[PersonRole, ...]
        centre: Centre
        area: str | None
        competences: tuple[str, ...]
        working_pattern: tuple[WorkingHours, ...]
        visits_per_day: int | None
        leads: Centre | None

    class PersonChanged(Event):
        person_id: str
        changed_at: datetime
        changed_by: str
        roles: tuple[PersonRole, ...]
        centre: Centre
        area: str | None
        competences: tuple[str, ...]
        working_pattern: tuple[WorkingHours, ...]
        visits_per_day: int | None
        leads: Centre | None
else:
    from shared.contracts.control import (
        AnnouncedControlCancelled,
        ComplianceDeadlineRecounted,
        ControlCompleted,
        ControlCorrected,
        ControlTurnedIntoGuidance,
        ControlWindowRecounted,
        DecisionRevoked,
        DocumentationReceived,
        ExtensionGranted,
        ExtensionRefused,
        ExtensionRequested,
        FollowUpHeld,
        FreshInvestigationNeeded,
        HearingAnswered,
        HearingDeadlineRecounted,
        InspectorChanged,
        InvestigationConcluded,
        OrderRequested,
        OtherFindingRecorded,
        RedrawAsked,
        Terminated,
    )
    from shared.contracts.guidance import (
        GuidanceDueRecounted,
        GuidanceHeld,
        GuidanceMeetingCancelled,
        MeetingCorrected,
        OfferUnderstandingAsked,
        OfferUnderstandingCorrected,
    )
    from shared.contracts.offers import (
        Accepted,
        CaseTakenOver,
        ContactNamed,
        DeliveryCorrected,
        InternalNoteWritten,
        OfferReassigned,
        OfferSent,
        QuestionAsked,
        ResponseDeadlineRecounted,
        TimeCorrected,
        Withdrawn,
    )
    from shared.contracts.people import PersonChanged, PersonListed

__all__ = [
    "Accepted",
    "AnnouncedControlCancelled",
    "CaseTakenOver",
    "ComplianceDeadlineRecounted",
    "ContactNamed",
    "ControlCompleted",
    "ControlCorrected",
    "ControlTurnedIntoGuidance",
    "ControlWindowRecounted",
    "DecisionRevoked",
    "DeliveryCorrected",
    "DocumentationReceived",
    "ExtensionGranted",
    "ExtensionRefused",
    "ExtensionRequested",
    "FollowUpHeld",
    "FreshInvestigationNeeded",
    "GuidanceDueRecounted",
    "GuidanceHeld",
    "GuidanceMeetingCancelled",
    "HearingAnswered",
    "HearingDeadlineRecounted",
    "InspectorChanged",
    "InternalNoteWritten",
    "InvestigationConcluded",
    "MeetingCorrected",
    "OfferReassigned",
    "OfferSent",
    "OfferUnderstandingAsked",
    "OfferUnderstandingCorrected",
    "OrderRequested",
    "OtherFindingRecorded",
    "PersonChanged",
    "PersonListed",
    "QuestionAsked",
    "RedrawAsked",
    "ResponseDeadlineRecounted",
    "Terminated",
    "TimeCorrected",
    "Withdrawn",
]
