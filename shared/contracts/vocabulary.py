"""Words that several facts share: coded values of the process, and nothing else."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.eventstore.events import PrivatePart
from shared.visibility import Shown

PrivateText = Annotated[str | None, PrivatePart()]
"""Free text about the case: encrypted at rest, never published, None where it cannot be read."""


class AgreementKind(StrEnum):
    """R2: on suspicion, or a found violation solved in several places."""

    SUSPICION = "suspicion"
    SPREAD = "spread"


class Side(StrEnum):
    """R5, R14: from which side something came."""

    COMPANY = "company"
    AUTHORITY = "authority"


class ContactRole(StrEnum):
    """R34: for whom a contact stands; each is told what concerns it."""

    UNIT_MANAGER = "unit_manager"
    LEGALLY_RESPONSIBLE = "legally_responsible"
    SAFETY_REPRESENTATIVE = "safety_representative"


class Centre(StrEnum):
    """R42: the centre of the authority that an inspector belongs to."""

    NORTH = "north"
    EAST = "east"
    SOUTH = "south"
    OTHER = "other"


class PersonRole(StrEnum):
    """R42: what somebody does at the authority. A leader leads a centre."""

    INSPECTOR = "inspector"
    SUPPORTER = "supporter"
    LEADER = "leader"


class WorkPhase(StrEnum):
    """R37: what an inspector's time went into."""

    INVESTIGATION = "investigation"
    OFFER = "offer"
    GUIDANCE = "guidance"
    DOCUMENTATION = "documentation"
    CONTROL = "control"
    SYSTEM = "system"


class Violation(StrEnum):
    """R2: what the inspection that an offer arose from has shown."""

    SUSPECTED = "suspected"
    FOUND = "found"


class ReactionDue(StrEnum):
    """R2: the reaction that the violation would give if nothing were offered."""

    ORDER_WITH_DEADLINE = "order_with_deadline"
    IMMEDIATE_ORDER = "immediate_order"
    NONE = "none"


class InvestigationOutcome(StrEnum):
    """R7: what the inspection that resumed an investigation ended in."""

    ORDER = "order"
    SPREAD_OFFER = "spread_offer"
    NO_VIOLATION = "no_violation"


class Decision(StrEnum):
    """R20, R30: a decision that a correction can take back."""

    FULFILLED = "fulfilled"
    BREACHED = "breached"


class ConflictKind(StrEnum):
    """R41: what an agreement that runs is in conflict with."""

    ORDER = "order"
    AGREEMENT = "agreement"


class PlanCause(StrEnum):
    """R17, R18: what made the system choose a place for a control, or choose another one."""

    ACCEPTED = "accepted"
    """The agreement was accepted; also for a place that entered the sample later."""
    DEADLINE_EXTENDED = "deadline-extended"
    CALENDAR_CORRECTED = "calendar-corrected"
    """The calendar by which deadlines are counted was wrong, and gives another day."""
    DOCUMENTATION_COMPLETE = "documentation-complete"
    TURNED_INTO_GUIDANCE = "turned-into-guidance"
    INVESTIGATED_AFRESH = "investigated-afresh"
    INSPECTOR_CHANGED = "inspector-changed"
    INSPECTOR_LEFT = "inspector-left"
    UNIT_CHANGED = "unit-changed"
    DECISION_REVOKED = "decision-revoked"
    ABSENCE = "absence"
    HOLIDAY = "holiday"
    """The inspector's centre is closed on the day."""
    WORKING_TIME = "working-time"
    """The inspector does not work that long on the day, or makes fewer visits."""
    MADE_ROOM = "made-room"
    """Another control had no place in its window but this one, and this one could have another in its own."""
    ROOM_CAME_FREE = "room-came-free"
    """The control was booked late, and a day inside its window is free since, or others can make one free."""
    REDRAWN = "redrawn"
    """Somebody asked for another draw."""
    GUIDANCE_TIME = "guidance-time"
    """R12: the company was offered that time for a guidance meeting, which is drawn without looking at its visits."""


class MakesRoom(StrEnum):
    """R17: what would make room for a control that found no place in its window."""

    ABSENCE_WITHDRAWN = "absence-withdrawn"
    CENTRE_OPENED = "centre-opened"
    LONGER_HOURS = "longer-hours"
    VISIT_GIVEN_UP = "visit-given-up"
    """Another visit of the inspector falls away or moves."""
    COLLEAGUE = "colleague"
    """Somebody else becomes responsible."""
    OTHER_CENTRE = "other-centre"
    """Somebody of another centre becomes responsible."""
    LATER_DAY = "later-day"
    """A day after the window, with a coded reason."""


class WindowRisk(StrEnum):
    """R17: why a control may have to be held after its window."""

    IMPOSSIBLE = "impossible"
    """Whatever is moved, not all of the visits have a place inside their windows."""
    FEW_PLACES = "few-places"
    """It has no place yet, and too few are left once all visits with earlier windows have theirs."""
    OFTEN_MISSED = "often-missed"
    """It has no place in more of the drawn futures than the policy allows."""


class ContactForm(StrEnum):
    """How the authority met the company (R12, R18)."""

    VISIT = "visit"
    PHONE = "phone"
    VIRTUAL = "virtual"


class Participation(StrEnum):
    """R33: how far one side of the safety organisation was involved."""

    NOT = "not"
    INFORMED = "informed"
    CONSULTED = "consulted"
    TOOK_PART = "took_part"


class MeasureUse(StrEnum):
    """R35: whether a measure was seen or told to be in use."""

    IN_USE = "in_use"
    LIMITED = "limited"
    NOT_IN_USE = "not_in_use"
    UNKNOWN = "unknown"


class ControlOutcome(StrEnum):
    """R20: what the control found on the topic of the agreement."""

    NO_VIOLATION = "no_violation"
    VIOLATION = "violation"


class JudgedBy(StrEnum):
    """R20: what the judgement rests on."""

    SEEN_IN_USE = "seen_in_use"
    SHOWN = "shown"
    ON_PAPER = "on_paper"
    TOLD = "told"


class SpokeWith(StrEnum):
    """R20: with whom the control was held."""

    MANAGER = "manager"
    SAFETY_REPRESENTATIVE = "safety_representative"
    EMPLOYEES = "employees"


class Value(BaseModel):
    """Base of the values that facts carry."""

    model_config = ConfigDict(frozen=True)


class Told(Value):
    """Base of what somebody reports: declares its fields once for the command, the request body and the fact.

    The body of the request and the fact that is recorded inherit them. A body adds what is demanded of who tells today:
    limits, closed lists of codes, what may not be left out. The fact stays as lenient as the oldest one in a log.
    """


class Involvement(Value):
    """R33: asked at guidance and at control; None where it was not answered."""

    safety_representative: Shown[Participation | None] = None
    safety_organisation: Shown[Participation | None] = None
    employees: Shown[Participation | None] = None


NOT_ASKED = Involvement()
"""R33: nothing was said about anybody's involvement."""


class Grounds(Value):
    """R2: why this kind of agreement may be offered, as the inspector judged it."""

    violation: Shown[Violation]
    concrete: Shown[bool]
    material: Shown[bool]
    reaction_due: Shown[ReactionDue]
    exists_elsewhere: Shown[bool] = False
    """`spread`: the work process exists in at least one other unit or department."""
    can_be_carried_over: Shown[bool] = False
    """`spread`: the solution is of realistic extent and can be carried over."""


class Drawn(Value):
    """R18: how a day was drawn by chance: among the free working days of a span, both ends included."""

    first: date
    last: date
    spread: Literal["evenly"] = "evenly"
    """`evenly`: each of these days was as likely as any other."""
    possible: int | None = None
    """How many of these days were free; None in facts of releases that did not say it."""
    least: int | None = None
    """How many the policy asks for, so that a day cannot be guessed."""

    @property
    def among_few(self) -> bool:
        """R18: returns whether the day was drawn among fewer possible days than the policy asks for."""
        return self.possible is not None and self.least is not None and self.possible < self.least


class VisitHours(Value):
    """R17: when on its day a visit stands in the calendar, in Copenhagen, with its travel and preparation."""

    begins: time
    duration_minutes: Annotated[int, Field(ge=1)]


class MeetingTime(Value):
    """R12: a time at which a guidance meeting can be held."""

    number: Shown[Annotated[int, Field(ge=1)]]
    """By which the company names the time that it chooses."""
    day: Shown[date]
    begins: Shown[time]
    """In Copenhagen, with travel and preparation."""
    duration_minutes: Shown[Annotated[int, Field(ge=1)]]

    @property
    def hours(self) -> VisitHours:
        """Returns from when to when it stands in a calendar."""
        return VisitHours(begins=self.begins, duration_minutes=self.duration_minutes)


class HeldPlace(MeetingTime):
    """R12, R17: the place in the inspector's calendar that is kept free for that time."""

    slot: Annotated[int, Field(ge=1)]
    """Which of the inspector's visits on that day it is."""


class ProposalKind(StrEnum):
    """R18, R21: how a visit could be saved."""

    MEETING_IS_CONTROL = "meeting-is-control"
    """R21: a guidance meeting at the company becomes the control, if the company has reported back by then."""
    JOINED_VISIT = "joined-visit"
    """Another visit to the same unit stands in the calendar, and the day has room for the control as well."""
    BY_PHONE = "by-phone"
    """R18: the inspector was there recently."""


class HoldEnd(StrEnum):
    """R12: why places in a calendar are not kept free for a guidance meeting any more."""

    EXPIRED = "expired"
    """Guidance said neither that a time was chosen nor that none was."""
    CANCELLED = "cancelled"
    MEETING_HELD = "meeting-held"


class MeetingCancelCause(StrEnum):
    """R12: why times that were offered, or a meeting that was booked, fall away."""

    WITHDRAWN = "withdrawn"
    """The authority withdrew it."""
    NONE_SUITS = "none-suits"
    """The company said so."""
    AGREEMENT_ENDED = "agreement-ended"
    INSPECTOR_CHANGED = "inspector-changed"
    """R15: somebody else is responsible, who offers times of her own."""
    NO_PLACE = "no-place"
    """The inspector's calendar has no room for it any more."""


class WayToMakeRoom(Value):
    """R17: one way to make room for a control; what does not belong to the way is None."""

    way: MakesRoom
    inspector: str | None = None
    """Whose visit moves, or which colleague has room."""
    agreement_id: UUID | None = None
    """Whose visit moves."""
    place_id: UUID | None = None
    day: date | None = None
    """On which the other visit could be now, or the later day."""
    centre: Centre | None = None
    places: Annotated[int, Field(ge=1)] | None = None
    """How many places the colleague has, counted up to what the policy asks for, or the other centre."""
    late_reason_codes: tuple[str, ...] = ()
    """Codes that may be given for the later day."""


class Place(Value):
    """R10, R19: a unit, or one department of a unit, that an agreement includes."""

    place_id: Shown[UUID]
    p_number: Shown[str]
    is_department: Shown[bool] = False
    """One department of the unit; its name is private and travels beside it."""
    slot: Annotated[int, Field(ge=1)] = 1
    """R8: which of the open agreements on the topic at the unit this is; 1 where the policy allows one."""


class CodedMeasure(Told):
    """R16: what is told of a measure in codes."""

    kind: Shown[str]
    """Code from shared/reference, e.g. `technical-aid`."""
    ladder_level: Shown[Annotated[int, Field(ge=1, le=5)]]
    psychosocial_level: Shown[Annotated[int, Field(ge=1, le=5)] | None] = None
    not_psychosocial: Shown[bool] = False
    """On a psychosocial topic: one of another kind, which has no level on the psychosocial ladder."""
    places: Shown[tuple[UUID, ...]] = ()
    """Where it is used; everywhere in the agreement where none is named."""


class Measure(CodedMeasure):
    """R16: what the company did, coded; its description is private and travels beside it."""

    measure_id: Shown[UUID]


class MeasureObservation(Told):
    """R20, R35: what control or follow-up saw of one measure."""

    measure_id: Shown[UUID]
    use: Shown[MeasureUse]
    verified: Shown[bool | None] = None
    non_use_reason: Shown[str | None] = None
    """Code from shared/reference where the use is limited or none."""


class NextInspector(Told):
    """R15: who is to be responsible from now on."""

    inspector: Shown[str]
    """Pseudonymous id, as tokens carry it."""
    reason: PrivateText = None


class WorkingHours(Value):
    """R42: a span of a weekday in which somebody works as a rule, in Copenhagen time."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    """1 is Monday, 7 is Sunday."""
    begins: time
    ends: time


class PersonDescription(Told):
    """R42: what is known of somebody at the authority without saying who it is: nothing of it is a name or an address.

    It travels to the other services, which plan and assign by it.
    """

    roles: tuple[PersonRole, ...]
    centre: Centre
    area: Annotated[str, Field(pattern=r"^[a-z0-9æøå][a-z0-9æøå_-]{0,63}$")] | None = None
    """Code of the part of the country in which the person works, as the authority divides it; None for no part."""
    competences: tuple[str, ...] = ()
    """Codes of the problem groups in which the person may judge; all groups if none is named."""
    working_pattern: tuple[WorkingHours, ...] = ()
    """The hours of each week; those of the policy if none are named."""
    visits_per_day: Annotated[int, Field(ge=0, le=20)] | None = None
    """The most visits in a day; as many as the policy allows if None."""
    leads: Centre | None = None


OfPerson = Annotated[str | None, PrivatePart(about="person_id")]
"""R31, R42: encrypted under a key of the person whom the fact is about, and erased with it."""


class Reachable(Told):
    """R42: how somebody at the authority is called and reached: never published."""

    name: OfPerson = None
    email: OfPerson = None
    phone: OfPerson = None


class Span(Told):
    """R42: from one day to another, both included."""

    first: date
    last: date


class StandIn(Span):
    """R42: the colleague who acts for somebody in these days."""

    stand_in: str
    """Pseudonymous id, as tokens carry it."""


class ContactDetails(Told):
    """R34: how a contact is reached; held as a private part."""

    name: Shown[str]
    email: Shown[str | None] = None
    phone: Shown[str | None] = None


class FileReference(Value):
    """A file that lies in the attachment storage; held as a private part."""

    name: Shown[str]
    sha256: Shown[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
    media_type: Shown[str]
    size_bytes: Shown[Annotated[int, Field(ge=0)]]
