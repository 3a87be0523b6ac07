"""Facts of the control service: everything from the acceptance on that decides the course."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    ControlOutcome,
    Decision,
    FileReference,
    InvestigationOutcome,
    Involvement,
    JudgedBy,
    Measure,
    MeasureObservation,
    Place,
    PrivateText,
    Side,
    SpokeWith,
)
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event, PrivatePart


class ComplianceDeadlineSet(Event):
    """R10: the agreement runs, until this deadline."""

    agreement_id: UUID
    cvr: str
    p_number: str
    topic: str
    inspector: str
    accepted_at: datetime
    compliance_deadline: Deadline
    control_window: Deadline
    """R17: when the control takes place if no complete documentation comes."""
    books_control_at: datetime
    """R17: from when on a control is booked by itself, so that a booking exists before the deadline expires."""
    kind: AgreementKind = AgreementKind.SUSPICION
    places: tuple[Place, ...] = ()
    """R10, R19: what the agreement includes, first the place where it arose; none in facts of the first release."""


class SampleChosen(Event):
    """R19: the places that are to be controlled; a later choice replaces an earlier one."""

    agreement_id: UUID
    places: tuple[UUID, ...]
    at_least: int
    """How many the policy asks for."""
    chosen_at: datetime
    chosen_by: str

    def seen_by_company(self) -> bool:
        """R18: it would tell where a control is to be expected."""
        return False


class ExtensionRequested(Event):
    """R13: the company asks for a longer deadline."""

    agreement_id: UUID
    extension_id: UUID
    until: date
    requested_at: datetime
    requested_by: str
    reasons: PrivateText = None


class ExtensionGranted(Event):
    """R13: the compliance deadline is a later one from now on, and with it every date that hangs on it."""

    agreement_id: UUID
    extension_id: UUID
    """The request's, or a new one where the inspector grants without being asked."""
    inspector: str
    granted_at: datetime
    accepted_at: datetime
    """When the period began, for what is a part of it (R12)."""
    compliance_deadline: Deadline
    control_window: Deadline
    """R17: counted from the new deadline; what complete documentation started stands."""
    books_control_at: datetime
    reasons: PrivateText = None


class ExtensionRefused(Event):
    """R13: the deadline stays as it is."""

    agreement_id: UUID
    extension_id: UUID
    refused_at: datetime
    refused_by: str
    reasons: PrivateText = None


class InspectorChanged(Event):
    """R15: another inspector is responsible from now on; what is booked or due moves along."""

    agreement_id: UUID
    inspector: str
    previous: str
    changed_at: datetime
    changed_by: str
    reason: PrivateText = None


class Terminated(Event):
    """R14: one side ended the agreement because circumstances changed: neither fulfilled nor breached."""

    agreement_id: UUID
    by: Side
    terminated_at: datetime
    terminated_by: str
    reason: str | None = None
    """R36: optional code."""
    grounds: PrivateText = None


class GuidanceMeetingNoted(Event):
    """R21: a guidance meeting was held, which may be turned into the control."""

    agreement_id: UUID
    meeting_id: UUID
    form: ContactForm
    held_at: datetime

    def seen_by_company(self) -> bool:
        return False


class DocumentationReceived(Event):
    """R16: the company sent a part of its documentation; it decides nothing by itself."""

    agreement_id: UUID
    part: int
    """1 for the first part, dense."""
    received_at: datetime
    sent_by: str
    complete: bool
    """R17: the company says that the agreement is met. The first such part starts the 60 days."""
    control_window: Deadline | None = None
    """R17: when the control takes place; only in the part that starts the 60 days."""
    measures: tuple[Measure, ...] = ()
    places: tuple[UUID, ...] = ()
    """R19: what it is evidence for; for everything where no place is named."""
    measure_descriptions: Annotated[dict[UUID, str] | None, PrivatePart()] = None
    text: PrivateText = None
    files: Annotated[tuple[FileReference, ...] | None, PrivatePart()] = None


class ControlBooked(Event):
    """R17, R18: a control stands in the inspector's calendar."""

    agreement_id: UUID
    control_id: UUID
    inspector: str
    day: date
    slot: int
    """Which of the inspector's controls on that day, from 1."""
    form: ContactForm
    form_reason: str | None = None
    """R18: code of the special situation where it is not to be a visit."""
    announced: bool
    window: Deadline
    booked_at: datetime
    replaces: UUID | None = None
    """The booked control that this one replaces, because its window moved or nothing could be decided."""
    late_reason: str | None = None
    """R17: code of the reason where the day lies after the window."""
    place_id: UUID | None = None
    """R19: where; None in facts of the first release, which knew one place only."""

    def seen_by_company(self) -> bool:
        """R18: an unannounced date is never visible to the company."""
        return self.announced


class AnnouncedControlCancelled(Event):
    """R18: the control that the company was told of does not take place on that day."""

    agreement_id: UUID
    control_id: UUID
    cancelled_at: datetime


class ControlCompleted(Event):
    """R20: the control took place and decided the matter: how it was judged, with whom, what was seen."""

    agreement_id: UUID
    control_id: UUID
    held_at: datetime
    inspector: str
    form: ContactForm
    form_reason: str | None = None
    """R18: code of the special situation where it was not a visit."""
    outcome: ControlOutcome
    judged_by: tuple[JudgedBy, ...]
    spoke_with: tuple[SpokeWith, ...]
    measures: tuple[MeasureObservation, ...] = ()
    involvement: Involvement = Involvement()
    within_window: bool
    """R17: held no later than the last day of its 60 days."""
    spread_further: bool | None = None
    """R39: measures carried on to other departments, or added beyond the agreement."""
    place_id: UUID | None = None
    late_reason: str | None = None
    """R17: code of the reason where it was held after the window."""
    from_meeting: UUID | None = None
    """R21: the guidance meeting that was turned into this control."""
    carried_on: tuple[UUID, ...] = ()
    """R39: measures that were carried on to other departments."""
    added_measures: tuple[Measure, ...] = ()
    """R39: measures beyond the agreement."""
    measure_descriptions: Annotated[dict[UUID, str] | None, PrivatePart()] = None
    """Of the added ones."""
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    findings: PrivateText = None
    not_seen: PrivateText = None
    photos: Annotated[tuple[FileReference, ...] | None, PrivatePart()] = None


class ControlTurnedIntoGuidance(Event):
    """R21: the control could not decide; nothing is decided, and a new one is booked inside the window."""

    agreement_id: UUID
    control_id: UUID
    held_at: datetime
    inspector: str
    form: ContactForm
    reason: str
    """Code: `work_unfinished` or `processes_not_running`."""
    participants: tuple[str, ...] = ()
    """R15: roles that took part, e.g. `manager`, `safety_representative`."""
    purposes: tuple[str, ...] = ()
    """R12: codes from shared/reference: what the guidance was for."""
    involvement: Involvement = Involvement()
    place_id: UUID | None = None
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    window_used_up: bool = False
    """R21: no working day is left in the window, so the next control is late, and that is why.

    Facts of earlier releases say it of the days of the documentation only; those of the deadline counted then.
    """
    summary: PrivateText = None


class FreshInvestigationNeeded(Event):
    """R21: the matter must be investigated afresh; until then nothing is decided."""

    agreement_id: UUID
    control_id: UUID
    place_id: UUID
    held_at: datetime
    inspector: str
    later_visit: bool
    """On a later visit, for which a new control is booked; else on this one."""
    window_used_up: bool = False
    """R21: no working day is left in the window, so a control after this visit is late, and that is why."""
    spoke_with: tuple[SpokeWith, ...] = ()
    """R15: with whom the control was held."""
    reason: PrivateText = None


class OtherFindingRecorded(Event):
    """R20: something that is not on the topic of the agreement; it is handled outside of it."""

    agreement_id: UUID
    finding_id: UUID
    control_id: UUID
    topic: str | None
    found_at: datetime
    inspector: str
    text: PrivateText = None


class ControlCorrected(Event):
    """R30: a control was recorded wrongly; this is how it was."""

    agreement_id: UUID
    control_id: UUID
    place_id: UUID
    corrected_at: datetime
    corrected_by: str
    outcome: ControlOutcome
    form: ContactForm
    form_reason: str | None
    judged_by: tuple[JudgedBy, ...]
    spoke_with: tuple[SpokeWith, ...]
    measures: tuple[MeasureObservation, ...]
    involvement: Involvement
    held_at: datetime | None = None
    """R17: when it was held; None in facts of the first release, which left the time as it was told before."""
    within_window: bool | None = None
    """R17: whether that was inside its 60 days; None where no time is told."""
    late_reason: str | None = None
    """R17: code of the reason where it was not."""
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    """R37: in place of what was told before; None leaves that."""
    reason: PrivateText = None
    findings: PrivateText = None
    not_seen: PrivateText = None
    """As with the findings, None leaves what was told before."""


class DecisionRevoked(Event):
    """R30: what was decided rested on a mistake, and no longer holds."""

    agreement_id: UUID
    decision: Decision
    cvr: str
    breached_units: tuple[str, ...] = ()
    """P-numbers whose quarantine ends with it."""
    revoked_at: datetime
    revoked_by: str
    reason: PrivateText = None


class Fulfilled(Event):
    """R20: the control found no violation on the topic."""

    agreement_id: UUID
    fulfilled_at: datetime
    follow_up_on: date | None = None
    """R24: when the follow-up is due; None when the policy has it switched off."""


class Breached(Event):
    """R20, R22: the control found a violation on the topic."""

    agreement_id: UUID
    cvr: str
    p_number: str
    topic: str
    breached_at: datetime
    breached_units: tuple[str, ...]
    """P-numbers of the units where the violation was found."""
    breached_places: tuple[UUID, ...] = ()


class HearingOpened(Event):
    """R22: the company is heard before the order."""

    agreement_id: UUID
    in_writing: bool
    opened_at: datetime
    answer_deadline: Deadline
    expires_at: datetime
    """A while after the deadline, so that an answer on its way is not overtaken."""


class HearingAnswered(Event):
    """R22: what the company said to the intended order."""

    agreement_id: UUID
    answered_at: datetime
    answered_by: str
    """The person at the company who wrote it; the company's CVR number where it was said."""
    oral: bool = False
    """It was said, and somebody at the authority wrote it down on behalf of the company."""
    participants: tuple[str, ...] = ()
    """Roles of those who said it, e.g. `manager`; none where it was written."""
    noted_by: str | None = None
    """Who wrote down what was said."""
    answer: PrivateText = None


class HearingExpired(Event):
    """R22: the company did not use its time to be heard."""

    agreement_id: UUID
    at: datetime


class OrderRequested(Event):
    """R22: an order with deadline was asked for from the order system."""

    agreement_id: UUID
    request_id: UUID
    cvr: str
    p_number: str
    topic: str
    requested_at: datetime
    requested_by: str
    rule: str = "R22"
    """Why: `R22` after a breach, `R7` after a no."""
    remind_at: datetime | None = None
    """When the order system is reminded, if it has not issued the order; None in facts of the first release."""
    overdue_at: datetime | None = None
    """When somebody must look into it."""
    control_ids: tuple[UUID, ...] = ()
    """The controls at the unit that found the violation; none after a no, nor in facts of earlier releases."""
    reasons: PrivateText = None


class OrderRequestReminded(Event):
    """R22: the order has not been issued; the order system is reminded."""

    agreement_id: UUID
    request_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


class OrderRequestOverdue(Event):
    """R22: the order has still not been issued; somebody must look into it."""

    agreement_id: UUID
    request_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


class OrderRequestResent(Event):
    """R22: the order was asked for again, under the same id."""

    agreement_id: UUID
    request_id: UUID
    resent_at: datetime
    resent_by: str
    remind_at: datetime | None = None
    overdue_at: datetime | None = None

    def seen_by_company(self) -> bool:
        return False


class OrderRequestWithdrawn(Event):
    """R22, R30: the order that was asked for is not wanted any more: the decision behind it was revoked."""

    agreement_id: UUID
    request_id: UUID
    withdrawn_at: datetime
    withdrawn_by: str


class OrderIssueNoted(Event):
    """R22, R25: the order that was asked for has been issued."""

    agreement_id: UUID
    request_id: UUID
    order_case_id: UUID
    """Of the order, in the order system."""
    noted_at: datetime

    def seen_by_company(self) -> bool:
        return False


class OfferNotAcceptedNoted(Event):
    """R7: the company said no, or nothing; what follows is the authority's to do."""

    agreement_id: UUID
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspector: str
    how: str
    """`declined` or `lapsed`."""
    noted_at: datetime

    def seen_by_company(self) -> bool:
        return False


class NewInspectionBooked(Event):
    """R7: an inspection that resumes the investigation stands in the inspector's calendar."""

    agreement_id: UUID
    inspection_id: UUID
    inspector: str
    day: date
    slot: int
    booked_at: datetime
    replaces: UUID | None = None
    late_reason: str | None = None
    """R7: code of the reason where the day lies after the policy's days for it."""

    def seen_by_company(self) -> bool:
        return False


class InvestigationConcluded(Event):
    """R7: the inspection that resumed the investigation ended it."""

    agreement_id: UUID
    inspection_id: UUID
    held_at: datetime
    inspector: str
    outcome: InvestigationOutcome
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    findings: PrivateText = None


class FollowUpFellDue(Event):
    """R24: a year has passed since fulfilment."""

    agreement_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


class FollowUpHeld(Event):
    """R24, R35, R39: whether the measures are still in use, and whether they spread."""

    agreement_id: UUID
    held_at: datetime
    inspector: str
    form: ContactForm
    spoke_with: tuple[SpokeWith, ...] = ()
    """R15: with whom it was held."""
    measures: tuple[MeasureObservation, ...]
    spread_further: bool | None = None
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    carried_on: tuple[UUID, ...] = ()
    """R39: measures that were carried on to other departments."""
    added_measures: tuple[Measure, ...] = ()
    """R39: measures beyond the agreement."""
    measure_descriptions: Annotated[dict[UUID, str] | None, PrivatePart()] = None
    """Of the added ones."""


FACTS: tuple[type[Event], ...] = (
    ComplianceDeadlineSet,
    SampleChosen,
    ExtensionRequested,
    ExtensionGranted,
    ExtensionRefused,
    InspectorChanged,
    Terminated,
    GuidanceMeetingNoted,
    DocumentationReceived,
    ControlBooked,
    AnnouncedControlCancelled,
    ControlCompleted,
    ControlTurnedIntoGuidance,
    FreshInvestigationNeeded,
    OtherFindingRecorded,
    ControlCorrected,
    DecisionRevoked,
    Fulfilled,
    Breached,
    HearingOpened,
    HearingAnswered,
    HearingExpired,
    OrderRequested,
    OrderRequestReminded,
    OrderRequestOverdue,
    OrderRequestResent,
    OrderRequestWithdrawn,
    OrderIssueNoted,
    OfferNotAcceptedNoted,
    NewInspectionBooked,
    InvestigationConcluded,
    FollowUpFellDue,
    FollowUpHeld,
)
