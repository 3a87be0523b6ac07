"""Facts of the control service: everything from the acceptance on that decides the course."""

from datetime import date, datetime
from typing import Annotated, ClassVar, TypeVar
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import (
    AgreementKind,
    Centre,
    ConflictKind,
    ContactForm,
    ControlOutcome,
    Decision,
    Drawn,
    FileReference,
    HeldPlace,
    HoldEnd,
    InvestigationOutcome,
    Involvement,
    JudgedBy,
    MakesRoom,
    Measure,
    MeasureObservation,
    NextInspector,
    Place,
    PlanCause,
    PrivateText,
    Side,
    SpokeWith,
    Told,
    VisitHours,
    WayToMakeRoom,
    WindowRisk,
)
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event, PrivatePart, TakenOver
from shared.visibility import Shown, ShownToCompany

T = TypeVar("T")
_WhenAnnounced = Annotated[T, ShownToCompany(where="announced")]
"""R18: an unannounced day is never visible to the company, nor that there is one."""
_WhenOwnCase = Annotated[T, ShownToCompany(where="other_is_own")]
"""R41: another legal entity's order or agreement is not named, nor that there is one."""

DRAWN_PARTS = frozenset({"control_id", "inspection_id", "plan_id", "day", "slot", "hours"})
"""What of a booking chance decides."""


class ComplianceDeadlineSet(Event):
    """R10: the agreement runs, until this deadline."""

    held: ClassVar[str] = "accepted_at"
    agreement_id: Shown[UUID]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str]
    inspector: Shown[str]
    accepted_at: Shown[datetime]
    compliance_deadline: Shown[Deadline]
    control_window: Shown[Deadline]
    """R17: when the control takes place if no complete documentation comes."""
    books_control_at: datetime
    """R17: from when on a control is booked by itself, so that a booking exists before the deadline expires."""
    kind: Shown[AgreementKind] = AgreementKind.SUSPICION
    places: Shown[tuple[Place, ...]] = ()
    """R10, R19: what the agreement includes, first the place where it arose; none in facts of the first release."""
    plans_controls: bool = False
    """R17: by the policy of the acceptance, its controls get a place in the calendar at once, and move if they must."""


class CourseTakenOver(TakenOver):
    """R17, R28: the course of a case that was history goes on, as the case was taken over at offers."""

    held: ClassVar[str] = "live_from"
    agreement_id: UUID


class PlacesHeld(Event):
    """R12, R17: places in the inspector's calendar are kept free until the company has chosen a time for guidance."""

    held: ClassVar[str] = "held_at"
    agreement_id: UUID
    meeting_id: UUID
    cvr: str
    p_number: str
    topic: str
    inspector: str
    form: ContactForm
    first: date
    last: date
    """Between which days the places were drawn, both included."""
    possible: int
    """On how many of these days the meeting had a place."""
    places: tuple[HeldPlace, ...]
    held_at: datetime
    offered_by: str
    expires_at: datetime
    """From when on the places are free again if nothing was heard of the meeting."""

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """R18: returns what chance decides."""
        return frozenset({"places"})


class HeldPlaceTaken(Event):
    """R12, R15, R17: the meeting is booked, and has this place; the others are free again."""

    held: ClassVar[str] = "taken_at"
    agreement_id: UUID
    meeting_id: UUID
    inspector: str
    place: HeldPlace
    taken_at: datetime


class HeldPlacesReleased(Event):
    """R12: the places are free again."""

    held: ClassVar[str] = "released_at"
    agreement_id: UUID
    meeting_id: UUID
    released_at: datetime
    why: HoldEnd


class MeetingPlaceLost(Event):
    """R12, R15, R42: the meeting cannot be held at a time that was offered or booked; guidance tells the company."""

    held: ClassVar[str] = "lost_at"
    agreement_id: UUID
    meeting_id: UUID
    inspector: str
    lost_at: datetime
    cause: PlanCause


class SampleChosen(Event):
    """R19: the places that are to be controlled; a later choice replaces an earlier one."""

    held: ClassVar[str] = "chosen_at"
    agreement_id: UUID
    places: tuple[UUID, ...]
    at_least: int
    """How many the policy asks for."""
    chosen_at: datetime
    chosen_by: str


class ExtensionWish(Told):
    """R13: until when a longer deadline is asked for, and why."""

    until: Shown[date]
    reasons: Shown[PrivateText] = None


class ExtensionRequested(ExtensionWish, Event):
    """R13: the company asks for a longer deadline."""

    held: ClassVar[str] = "requested_at"
    agreement_id: Shown[UUID]
    extension_id: Shown[UUID]
    requested_at: Shown[datetime]
    requested_by: Shown[str]


class ExtensionGranted(Event):
    """R13: the compliance deadline is a later one from now on, and with it every date that hangs on it."""

    held: ClassVar[str] = "granted_at"
    agreement_id: Shown[UUID]
    extension_id: Shown[UUID]
    """The request's, or a new one where the inspector grants without being asked."""
    inspector: Shown[str]
    granted_at: Shown[datetime]
    accepted_at: Shown[datetime]
    """When the period began, for what is a part of it (R12)."""
    compliance_deadline: Shown[Deadline]
    control_window: Shown[Deadline]
    """R17: counted from the new deadline; what complete documentation started stands."""
    books_control_at: datetime
    reasons: Shown[PrivateText] = None


class ComplianceDeadlineRecounted(Event):
    """R10, R27: the calendar was corrected, and gives a later compliance deadline, with every date that hangs on it."""

    held: ClassVar[str] = "recounted_at"
    agreement_id: Shown[UUID]
    inspector: Shown[str]
    accepted_at: Shown[datetime]
    """When the period began, for what is a part of it (R12)."""
    previous: Shown[Deadline]
    compliance_deadline: Shown[Deadline]
    control_window: Shown[Deadline]
    """R17: counted from the new deadline; what complete documentation started stands."""
    books_control_at: datetime
    recounted_at: Shown[datetime]
    recounted_by: Shown[str]
    reason: Shown[PrivateText] = None


class ControlWindowRecounted(Event):
    """R17, R27: the calendar was corrected, and gives the window of the control another last day.

    Only where the policy lets the window move over closed days; one that hangs on a deadline moves with it.
    """

    held: ClassVar[str] = "recounted_at"
    agreement_id: Shown[UUID]
    previous: Shown[Deadline]
    control_window: Shown[Deadline]
    recounted_at: Shown[datetime]
    recounted_by: Shown[str]
    reason: Shown[PrivateText] = None


class ExtensionRefused(Event):
    """R13: the deadline stays as it is."""

    held: ClassVar[str] = "refused_at"
    agreement_id: Shown[UUID]
    extension_id: Shown[UUID]
    refused_at: Shown[datetime]
    refused_by: Shown[str]
    reasons: Shown[PrivateText] = None


class InspectorChanged(NextInspector, Event):
    """R15: another inspector is responsible from now on; what is booked or due moves along."""

    held: ClassVar[str] = "changed_at"
    agreement_id: Shown[UUID]
    previous: Shown[str]
    changed_at: Shown[datetime]
    changed_by: Shown[str]
    centre: Centre | None = None
    """R42: of the new inspector; None where the directory does not know it."""


class TerminationGrounds(Told):
    """R14: what has changed, in the words of the side that ends the agreement."""

    reason: Shown[str | None] = None
    """R36: optional code."""
    grounds: Shown[PrivateText] = None


class Terminated(TerminationGrounds, Event):
    """R14: one side ended the agreement because circumstances changed: neither fulfilled nor breached."""

    held: ClassVar[str] = "terminated_at"
    agreement_id: Shown[UUID]
    by: Shown[Side]
    terminated_at: Shown[datetime]
    terminated_by: Shown[str]
    carried_over_to: UUID | None = None
    """R40: the agreement of the unit's new legal entity with which it goes on; no company is told."""


class AgreementUnitChanged(Event):
    """R40: a unit of a running agreement has another legal entity, or ceased; no control is booked there by itself."""

    held: ClassVar[str] = "holds_from"
    agreement_id: Shown[UUID]
    p_number: Shown[str]
    holds_from: Shown[date]
    """The day from which the register's fact holds."""
    noted_at: Shown[datetime]
    ceased: Shown[bool] = False
    settled: Shown[bool] = False
    """Whether nothing is left to decide: the unit is again the legal entity's whose agreement it is."""
    cvr: str | None = None
    """The legal entity that has the unit now; None where it ceased. No company is told of another one here."""


class GuidanceMeetingNoted(Event):
    """R21: a guidance meeting was held, and it may be turned into the control."""

    held: ClassVar[str] = "held_at"
    agreement_id: UUID
    meeting_id: UUID
    form: ContactForm
    held_at: datetime


class DocumentationPart(Told):
    """R16: a part of the documentation, beside the measures that it tells of."""

    complete: Shown[bool]
    """R17: the company says that the agreement is met. The first such part starts the 60 days."""
    places: Shown[tuple[UUID, ...]] = ()
    """R19: what it is evidence for; for everything where no place is named."""
    text: Shown[PrivateText] = None
    files: Shown[Annotated[tuple[FileReference, ...] | None, PrivatePart()]] = None


class DocumentationReceived(DocumentationPart, Event):
    """R16: the company sent a part of its documentation; it decides nothing by itself."""

    held: ClassVar[str] = "received_at"
    agreement_id: Shown[UUID]
    part: Shown[int]
    """1 for the first part, dense."""
    received_at: Shown[datetime]
    sent_by: Shown[str]
    control_window: Shown[Deadline | None] = None
    """R17: when the control takes place; only in the part that starts the 60 days."""
    measures: Shown[tuple[Measure, ...]] = ()
    measure_descriptions: Shown[Annotated[dict[UUID, str] | None, PrivatePart()]] = None


class ChosenDay(Told):
    """R17, R18: the day of a control, and how it is to be held."""

    day: _WhenAnnounced[date]
    form: _WhenAnnounced[ContactForm]
    form_reason: _WhenAnnounced[str | None] = None
    """R18: code of the special situation where it is not to be a visit."""
    announced: _WhenAnnounced[bool]
    late_reason: _WhenAnnounced[str | None] = None
    """R17: code of the reason where the day lies after the window."""


class ControlBooked(ChosenDay, Event):
    """R17, R18: a control stands in the inspector's calendar."""

    held: ClassVar[str] = "booked_at"
    agreement_id: _WhenAnnounced[UUID]
    control_id: _WhenAnnounced[UUID]
    inspector: _WhenAnnounced[str]
    slot: int
    """Which of the inspector's controls on that day, from 1."""
    window: _WhenAnnounced[Deadline]
    booked_at: _WhenAnnounced[datetime]
    replaces: UUID | None = None
    """The booked control that this one replaces, because its window moved or nothing could be decided."""
    place_id: _WhenAnnounced[UUID | None] = None
    """R19: where; None in facts of the first release, which knew one place only."""
    drawn: Drawn | None = None
    """R18: how the day was drawn; None where an inspector chose it, and in facts of releases that drew none."""
    hours: VisitHours | None = None
    """R17: the time of day; None in facts of earlier releases, which knew the slot only."""
    cause: PlanCause | None = None
    """R27: what made the system choose another place than was planned or booked; None for the planned one, for a day
    that an inspector chose, and in facts of earlier releases."""
    plan_id: UUID | None = None
    """R17: the plan whose place it takes; None where it was not planned."""
    joins: UUID | None = None
    """R17: the visit to the same unit, for something else, with which it comes along; None for a visit of its own."""

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """R18: returns the fields that a dry run leaves out, because they would tell of a drawn day."""
        return DRAWN_PARTS if self.drawn is not None else frozenset()


class ControlPlanned(Event):
    """R17, R18: a control has a place in the calendar before it is booked; no company is told, nor that there is one.

    It ends with the booking or the control of its place, with another plan or inspector, with a change of its unit
    (R40), when its place leaves the sample, and with the course.
    """

    held: ClassVar[str] = "planned_at"
    agreement_id: UUID
    plan_id: UUID
    place_id: UUID
    """R19: which of the agreement's places is visited."""
    inspector: str
    day: date
    slot: int
    """Which of the inspector's visits on that day, from 1."""
    hours: VisitHours
    window: Deadline
    """R17: the days inside which it lies."""
    planned_at: datetime
    drawn: Drawn
    cause: PlanCause
    """R27: what made the system choose this place."""
    replaces: UUID | None = None
    """The plan that this one replaces."""

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """R18: returns the fields that a dry run leaves out, because they would tell of a drawn day."""
        return DRAWN_PARTS


class RedrawAsked(Event):
    """R18: somebody had another day drawn for a hidden control, and said why."""

    held: ClassVar[str] = "requested_at"
    agreement_id: UUID
    place_id: UUID
    requested_at: datetime
    requested_by: str
    reason: PrivateText = None


class PlaceNotFound(Event):
    """R17: a control, or the inspection after a no, found no place in the inspector's calendar inside its window.

    A place that it has already is kept meanwhile. It is looked for again when `again_at` comes, or a calendar changes.
    """

    held: ClassVar[str] = "sought_at"
    agreement_id: UUID
    place_id: UUID
    """R19: which place; the agreement's own id for the inspection after a no."""
    inspector: str
    last_day: date
    """The last day of the window."""
    sought_at: datetime
    again_at: datetime
    cause: PlanCause | None = None
    """R27: why a place was looked for; None for the inspection after a no."""
    would_make_room: tuple[MakesRoom, ...] = ()
    late_too: bool = False
    """Days after the window were tried as well, for more than a year."""


class PlaceFitsAgain(Event):
    """R17: no other place is needed any more: the calendar changed so that the control can stay where it is."""

    held: ClassVar[str] = "found_at"
    agreement_id: UUID
    place_id: UUID
    found_at: datetime


class AnnouncedControlCancelled(Event):
    """R18: the control that the company was told of does not take place on that day."""

    held: ClassVar[str] = "cancelled_at"
    agreement_id: Shown[UUID]
    control_id: Shown[UUID]
    cancelled_at: Shown[datetime]
    reason: Shown[PrivateText] = None
    """Why it is moved to another day, in words for the company; None where nobody chose the other day."""


class CarriedOn(Told):
    """R39: whether something spread further, voluntarily, and what was carried on."""

    spread_further: Shown[bool | None] = None
    """Measures were carried on to other departments, or added beyond the agreement."""
    carried_on: Shown[tuple[UUID, ...]] = ()
    """Measures that were carried on to other departments."""


class SpreadFurther(CarriedOn):
    """R39: the same with the measures that were added; it decides nothing."""

    added_measures: Shown[tuple[Measure, ...]] = ()
    """Measures beyond the agreement."""
    measure_descriptions: Shown[Annotated[dict[UUID, str] | None, PrivatePart()]] = None
    """Of the added ones."""


class Judgement(Told):
    """R20: what a control found and how it was judged, with whom, what was seen. A correction tells all of it anew."""

    outcome: Shown[ControlOutcome]
    form: Shown[ContactForm]
    form_reason: Shown[str | None] = None
    """R18: code of the special situation where it was not a visit."""
    judged_by: Shown[tuple[JudgedBy, ...]]
    spoke_with: Shown[tuple[SpokeWith, ...]]
    measures: Shown[tuple[MeasureObservation, ...]] = ()
    involvement: Shown[Involvement] = Involvement()


class ControlReport(Judgement):
    """R20: all that a correction of a control may restate; what it leaves out stays as reported before."""

    late_reason: Shown[str | None] = None
    """R17: code of the reason where it was held after the window."""
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    """R37: the inspector's time."""
    findings: Shown[PrivateText] = None
    not_seen: Shown[PrivateText] = None


class FirstControlReport(ControlReport):
    """R20: what is told of a control when it is recorded."""

    from_meeting: Shown[UUID | None] = None
    """R21: the guidance meeting that was turned into this control."""
    photos: Shown[Annotated[tuple[FileReference, ...] | None, PrivatePart()]] = None


class ControlCompleted(FirstControlReport, SpreadFurther, Event):
    """R20: the control took place and decided the matter: how it was judged, with whom, what was seen."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    control_id: Shown[UUID]
    held_at: Shown[datetime]
    inspector: Shown[str]
    within_window: Shown[bool]
    """R17: held no later than the last day of its 60 days."""
    place_id: Shown[UUID | None] = None


class UndecidedControlReport(Told):
    """R21: what is told of a control that could not decide."""

    form: Shown[ContactForm]
    reason: Shown[str]
    """Code: `work_unfinished` or `processes_not_running`."""
    participants: Shown[tuple[str, ...]] = ()
    """R15: roles that took part, e.g. `manager`, `safety_representative`."""
    purposes: Shown[tuple[str, ...]] = ()
    """R12: codes from shared/reference: what the guidance was for."""
    involvement: Shown[Involvement] = Involvement()
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    summary: Shown[PrivateText] = None


class ControlTurnedIntoGuidance(UndecidedControlReport, Event):
    """R21: the control could not decide; nothing is decided, and a new one is booked inside the window."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    control_id: Shown[UUID]
    held_at: Shown[datetime]
    inspector: Shown[str]
    place_id: Shown[UUID | None] = None
    window_used_up: Shown[bool] = False
    """R21: no working day is left in the window, so the next control is late, and that is why.

    Facts of earlier releases say it of the days of the documentation only; those of the deadline counted then.
    """


class FreshInvestigationReport(Told):
    """R21: what is told of a control that finds that the matter must be investigated afresh."""

    later_visit: Shown[bool]
    """On a later visit, for which a new control is booked; else on this one."""
    spoke_with: Shown[tuple[SpokeWith, ...]] = ()
    """R15: with whom the control was held."""
    reason: Shown[PrivateText] = None


class FreshInvestigationNeeded(FreshInvestigationReport, Event):
    """R21: the matter must be investigated afresh; until then nothing is decided."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    control_id: Shown[UUID]
    place_id: Shown[UUID]
    held_at: Shown[datetime]
    inspector: Shown[str]
    window_used_up: Shown[bool] = False
    """R21: no working day is left in the window, so a control after this visit is late, and that is why."""


class OtherFinding(Told):
    """R20: what is told of something beside the topic."""

    topic: Shown[str | None]
    text: Shown[PrivateText] = None


class OtherFindingRecorded(OtherFinding, Event):
    """R20: something that is not on the topic of the agreement; it is handled outside of it."""

    held: ClassVar[str] = "found_at"
    agreement_id: Shown[UUID]
    finding_id: Shown[UUID]
    control_id: Shown[UUID]
    found_at: Shown[datetime]
    inspector: Shown[str]


class ControlCorrected(ControlReport, Event):
    """R30: a control was recorded wrongly; this is how it was."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    control_id: Shown[UUID]
    place_id: Shown[UUID]
    corrected_at: Shown[datetime]
    corrected_by: Shown[str]
    form_reason: Shown[str | None]
    measures: Shown[tuple[MeasureObservation, ...]]
    involvement: Shown[Involvement]
    """These three are said in every correction; a control of an early release may lack them."""
    held_at: Shown[datetime | None] = None
    """R17: when it was held; None in facts of the first release, which left the time as it was told before."""
    within_window: Shown[bool | None] = None
    """R17: whether that was inside its 60 days; None where no time is told."""
    reason: PrivateText = None


class DecisionRevoked(Event):
    """R30: what was decided rested on a mistake, and no longer holds."""

    held: ClassVar[str] = "decided_at"
    agreement_id: Shown[UUID]
    decision: Shown[Decision]
    cvr: Shown[str]
    breached_units: Shown[tuple[str, ...]] = ()
    """P-numbers whose quarantine ends with it."""
    revoked_at: Shown[datetime]
    revoked_by: Shown[str]
    decided_at: Shown[datetime | None] = None
    """From when on the decision held that holds no longer; None in facts of earlier releases."""
    reason: PrivateText = None


class Fulfilled(Event):
    """R20: the control found no violation on the topic."""

    held: ClassVar[str] = "fulfilled_at"
    agreement_id: Shown[UUID]
    fulfilled_at: Shown[datetime]
    follow_up_on: Shown[date | None] = None
    """R24: when the follow-up is due; None when the policy has it switched off."""


class Breached(Event):
    """R20, R22: the control found a violation on the topic."""

    held: ClassVar[str] = "breached_at"
    agreement_id: Shown[UUID]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str]
    breached_at: Shown[datetime]
    breached_units: Shown[tuple[str, ...]]
    """P-numbers of the units where the violation was found."""
    breached_places: Shown[tuple[UUID, ...]] = ()


class HearingOpened(Event):
    """R22: the company is heard before the order."""

    held: ClassVar[str] = "opened_at"
    agreement_id: Shown[UUID]
    in_writing: Shown[bool]
    opened_at: Shown[datetime]
    answer_deadline: Shown[Deadline]
    expires_at: datetime
    """A while after the deadline, so that an answer on its way is not overtaken."""


class HearingDeadlineRecounted(Event):
    """R22, R27: the calendar was corrected, and gives the company a later last day to be heard."""

    held: ClassVar[str] = "recounted_at"
    agreement_id: Shown[UUID]
    previous: Shown[Deadline]
    answer_deadline: Shown[Deadline]
    expires_at: datetime
    recounted_at: Shown[datetime]
    recounted_by: Shown[str]
    reason: Shown[PrivateText] = None


class HearingAnswered(Event):
    """R22: what the company said to the intended order."""

    held: ClassVar[str] = "answered_at"
    agreement_id: Shown[UUID]
    answered_at: Shown[datetime]
    answered_by: Shown[str]
    """The person at the company who wrote it; the company's CVR number where it was said."""
    oral: Shown[bool] = False
    """It was said, and somebody at the authority wrote it down on behalf of the company."""
    participants: Shown[tuple[str, ...]] = ()
    """Roles of those who said it, e.g. `manager`; none where it was written."""
    noted_by: Shown[str | None] = None
    """Who wrote down what was said."""
    answer: Shown[PrivateText] = None


class HearingExpired(Event):
    """R22: the company did not use its time to be heard."""

    held: ClassVar[str] = "at"
    agreement_id: Shown[UUID]
    at: Shown[datetime]


class OrderRequested(Event):
    """R22: an order with deadline was asked for from the order system."""

    held: ClassVar[str] = "requested_at"
    agreement_id: Shown[UUID]
    request_id: Shown[UUID]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str]
    requested_at: Shown[datetime]
    requested_by: Shown[str]
    rule: Shown[str] = "R22"
    """Why: `R22` after a breach, `R7` after a no."""
    remind_at: datetime | None = None
    """When the order system is reminded, if it has not issued the order; None in facts of the first release."""
    overdue_at: datetime | None = None
    """When somebody must look into it."""
    control_ids: Shown[tuple[UUID, ...]] = ()
    """The controls at the unit that found the violation; none after a no, nor in facts of earlier releases."""
    reasons: Shown[PrivateText] = None


class OrderRequestReminded(Event):
    """R22: the order has not been issued; the order system is reminded."""

    held: ClassVar[str] = "at"
    agreement_id: UUID
    request_id: UUID
    at: datetime


class OrderRequestOverdue(Event):
    """R22: the order has still not been issued; somebody must look into it."""

    held: ClassVar[str] = "at"
    agreement_id: UUID
    request_id: UUID
    at: datetime


class OrderRequestResent(Event):
    """R22: the order was asked for again, under the same id."""

    held: ClassVar[str] = "resent_at"
    agreement_id: UUID
    request_id: UUID
    resent_at: datetime
    resent_by: str
    remind_at: datetime | None = None
    overdue_at: datetime | None = None


class OrderRequestWithdrawn(Event):
    """R22, R30: the order that was asked for is not wanted any more: the decision behind it was revoked."""

    held: ClassVar[str] = "withdrawn_at"
    agreement_id: Shown[UUID]
    request_id: Shown[UUID]
    withdrawn_at: Shown[datetime]
    withdrawn_by: Shown[str]


class OrderIssueNoted(Event):
    """R22, R25: the order that was asked for has been issued."""

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    request_id: UUID
    order_case_id: UUID
    """Of the order, in the order system."""
    noted_at: datetime


class OfferNotAcceptedNoted(Event):
    """R7: the company said no, or nothing; what follows is the authority's to do."""

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspector: str
    how: str
    """`declined` or `lapsed`."""
    noted_at: datetime


class InspectionPlan(Told):
    """R7: the day of the inspection that resumes the investigation."""

    day: date
    late_reason: str | None = None
    """R7: code of the reason where the day lies after the policy's days for it."""


class NewInspectionBooked(InspectionPlan, Event):
    """R7: an inspection that resumes the investigation stands in the inspector's calendar."""

    held: ClassVar[str] = "booked_at"
    agreement_id: UUID
    inspection_id: UUID
    inspector: str
    slot: int
    booked_at: datetime
    replaces: UUID | None = None
    drawn: Drawn | None = None
    """R18: how the day was drawn; None where an inspector chose it, and in facts of releases that drew none."""
    hours: VisitHours | None = None
    """R17: the time of day; None in facts of earlier releases, which knew the slot only."""

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """R18: returns the fields that a dry run leaves out, because they would tell of a drawn day."""
        return DRAWN_PARTS if self.drawn is not None else frozenset()


class InvestigationReport(Told):
    """R7: what is told of the inspection that resumed the investigation."""

    outcome: Shown[InvestigationOutcome]
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    findings: PrivateText = None


class InvestigationConcluded(InvestigationReport, Event):
    """R7: the inspection that resumed the investigation ended it."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    inspection_id: Shown[UUID]
    held_at: Shown[datetime]
    inspector: Shown[str]


class FollowUpFellDue(Event):
    """R24: a year has passed since fulfilment."""

    held: ClassVar[str] = "at"
    agreement_id: UUID
    at: datetime


class FollowUpReport(Told):
    """R24, R35: what is told of a follow-up."""

    form: Shown[ContactForm]
    spoke_with: Shown[tuple[SpokeWith, ...]] = ()
    """R15: with whom it was held."""
    measures: Shown[tuple[MeasureObservation, ...]]
    minutes_spent: Annotated[int, Field(ge=0)] | None = None


class FollowUpHeld(FollowUpReport, SpreadFurther, Event):
    """R24, R35, R39: whether the measures are still in use, and whether they spread."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    held_at: Shown[datetime]
    inspector: Shown[str]


class StandingOrderNoted(Event):
    """R41: an order stands on a topic at a unit, for agreements that run there or will; it is about no case of ours."""

    held: ClassVar[str] = "noted_at"
    order_case_id: UUID
    cvr: str
    p_number: str
    topic: str
    issued_on: date
    noted_at: datetime


class StandingOrderEnded(Event):
    """R41: the order was revoked or complied with, and stands against no agreement any more."""

    held: ClassVar[str] = "noted_at"
    order_case_id: UUID
    ended_on: date
    noted_at: datetime


class ConflictFlagged(Event):
    """R41: while the agreement runs, an order stands, or another agreement runs, on its topic at one of its units."""

    held: ClassVar[str] = "flagged_at"
    agreement_id: _WhenOwnCase[UUID]
    other_kind: _WhenOwnCase[ConflictKind]
    other_case_id: _WhenOwnCase[UUID]
    """The order's case in the order system, or the other agreement."""
    other_is_own: bool
    """Whether it is a case of the same legal entity, which may then be told of it."""
    p_number: _WhenOwnCase[str]
    """The unit at which both meet."""
    flagged_at: _WhenOwnCase[datetime]


class ConflictEnded(Event):
    """R41: the order or the other agreement, or the agreement itself, has ended: nothing is left to be looked into."""

    held: ClassVar[str] = "ended_at"
    agreement_id: _WhenOwnCase[UUID]
    other_kind: _WhenOwnCase[ConflictKind]
    other_case_id: _WhenOwnCase[UUID]
    other_is_own: bool
    ended_at: _WhenOwnCase[datetime]


class WindowAtRisk(Event):
    """R17: a control may have to be held after its window; told once for each change. No company is told.

    Windows are looked at in the order in which they end, each once all earlier ones have their places.
    """

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    place_id: UUID
    inspector: str
    last_day: date
    """The last day of the window."""
    risk: WindowRisk
    places_left: int
    """Possible places, counted up to the least number that the policy asks for."""
    missed_percent: int
    """In how many of a hundred drawn futures it had no place."""
    noted_at: datetime
    would_make_room: tuple[WayToMakeRoom, ...] = ()


class WindowSafeAgain(Event):
    """R17: the control can be held inside its window after all, as far as can be seen. No company is told."""

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    place_id: UUID
    noted_at: datetime


FACTS: tuple[type[Event], ...] = (
    ComplianceDeadlineSet,
    CourseTakenOver,
    PlacesHeld,
    HeldPlaceTaken,
    HeldPlacesReleased,
    MeetingPlaceLost,
    SampleChosen,
    ExtensionRequested,
    ExtensionGranted,
    ExtensionRefused,
    ComplianceDeadlineRecounted,
    ControlWindowRecounted,
    InspectorChanged,
    Terminated,
    AgreementUnitChanged,
    GuidanceMeetingNoted,
    DocumentationReceived,
    ControlBooked,
    ControlPlanned,
    RedrawAsked,
    PlaceNotFound,
    PlaceFitsAgain,
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
    HearingDeadlineRecounted,
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
    StandingOrderNoted,
    StandingOrderEnded,
    ConflictFlagged,
    ConflictEnded,
    WindowAtRisk,
    WindowSafeAgain,
)
