"""The phases of an offer: unsent, open, running as an agreement, ended; and how facts lead from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from shared.contracts.offers import (
    AcceptanceAnnulled,
    AcceptanceConflictEnded,
    AcceptanceConflictFlagged,
    AgreementEndNoted,
    Declined,
    DeliveryFailed,
    InspectorNoted,
    Lapsed,
    OfferDelivered,
    OfferOpened,
    OfferResent,
    OfferUnansweredHalfway,
    OfferUnitChanged,
    PlaceTakenNoted,
    TimeSpent,
    UnitChangeNoted,
    ViolationNoted,
)
from shared.contracts.public_forms import (
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
from shared.contracts.vocabulary import AgreementKind, Place, WorkPhase
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event

RUNNING_AGAIN = "running"
"""The outcome by which a correction leads back to an agreement that runs (R30)."""


@dataclass(frozen=True)
class TimeEntry:
    """R37: time that an inspector spent, by phase, and the day."""

    phase: WorkPhase
    minutes: int
    inspector: str
    on_day: date


@dataclass(frozen=True)
class About:
    """What is known of a case in every phase after the sending."""

    inspector: str
    """R15: who is responsible now."""
    time: Mapping[UUID, TimeEntry] = field(default_factory=dict)
    """R37: what time was spent, as corrected (R30)."""
    unit_changes: tuple[OfferUnitChanged | UnitChangeNoted, ...] = ()
    """R40: changes of the units, in the order of the days from which they hold."""


@dataclass(frozen=True)
class Unsent:
    """Nothing is known of this offer."""


@dataclass(frozen=True)
class Open:
    """An offer that is sent and unanswered; its response time runs once it is delivered."""

    sent: OfferSent
    about: About
    attempts: int = 1
    """R4: how often the offer was sent."""
    failed: DeliveryFailed | None = None
    """R4: the failed delivery since the offer was last sent, if there is one."""
    delivered: OfferDelivered | None = None
    """The delivery, with its dates as corrected (R30)."""
    opened: bool = False
    halfway_passed: bool = False

    def answer_is_late(self, at: datetime) -> bool:
        """R6: returns whether an answer that is received at this time is late.

        Before the delivery no clock runs, and no answer is late.
        """
        return self.delivered is not None and self.delivered.response_deadline.has_passed(at)


@dataclass(frozen=True)
class Running:
    """An accepted offer, now an agreement; the service control decides on it from here on."""

    sent: OfferSent
    about: About
    accepted: Accepted
    conflicts: frozenset[UUID] = frozenset()
    """R8, R41: the breached agreements with which the acceptance is in conflict, while the conflict lasts."""
    violations: Mapping[UUID, str] = field(default_factory=dict)
    """R14: the unit of each place where a control has found a violation, while nothing is decided."""


@dataclass(frozen=True)
class Ended:
    """An offer that was declined, lapsed or withdrawn, or an agreement that has ended."""

    sent: OfferSent
    about: About
    how: str
    unaccepted: Declined | Lapsed | Withdrawn | None = None
    """The fact that ended an offer which was never accepted, with rule, reason and time."""
    accepted: Accepted | None = None
    response_deadline: Deadline | None = None
    """R6: the response deadline of an offer that was delivered and not accepted."""
    conflicts: frozenset[UUID] = frozenset()
    """R8, R41: conflicts of the agreement, kept in case a correction lets it run again."""
    runs_without_place: bool = False
    """R30, R41: control lets the agreement run again, while another offer has its place here."""


State = Unsent | Open | Running | Ended


def places_of(accepted: Accepted) -> tuple[Place, ...]:
    """R10, R19: returns the places of an agreement.

    Facts of the first release name none: then it is the one place where the suspicion arose.
    """
    return accepted.places or (Place(place_id=accepted.agreement_id, p_number=accepted.p_number),)


CHANGES_NOTHING: frozenset[type[Event]] = frozenset({ContactNamed, QuestionAsked, InternalNoteWritten, CaseTakenOver})
"""R18, R34: no decision depends on contacts and notes; the views read them from the history.

R28: that a case was taken over arms its timers again, and changes nothing else.
"""


def evolve(state: State, event: Event) -> State:
    """Returns the next phase; facts that do not fit leave the state as it is."""
    match state, event:
        case _, OfferSent():
            return Open(event, About(event.inspector))
        case Unsent(), _:
            return state
        case _, (OfferReassigned() | InspectorNoted()):
            return replace(state, about=replace(state.about, inspector=event.inspector))
        case _, (TimeSpent() | TimeCorrected()):
            return replace(state, about=_with_time(state.about, event))
        case Open(), OfferUnitChanged():
            return replace(state, about=_with_change(state.about, event))
        case Open(), _:
            return _open_on(state, event)
        case ((Running() | Ended()), UnitChangeNoted()):
            return replace(state, about=_with_change(state.about, event))
        case ((Running() | Ended()), AcceptanceConflictFlagged()):
            return replace(state, conflicts=state.conflicts | {event.because_of})
        case ((Running() | Ended()), AcceptanceConflictEnded()):
            return replace(state, conflicts=state.conflicts - {event.because_of})
        case Running(), ViolationNoted():
            others = {place: unit for place, unit in state.violations.items() if place != event.place_id}
            found = {event.place_id: event.p_number} if event.found else {}
            return replace(state, violations=others | found)
        case Running(), AcceptanceAnnulled():
            return Ended(state.sent, state.about, "annulled", accepted=state.accepted)
        case Running(), AgreementEndNoted():
            return Ended(state.sent, state.about, event.outcome, accepted=state.accepted, conflicts=state.conflicts)
        case Ended(accepted=Accepted() as accepted), AgreementEndNoted():
            if event.outcome == RUNNING_AGAIN:
                # Control takes no change where nothing is left to do: an agreement that runs again is told anew.
                return Running(state.sent, replace(state.about, unit_changes=()), accepted, state.conflicts)
            return replace(state, how=event.outcome, runs_without_place=False)
        case Ended(accepted=Accepted()), PlaceTakenNoted():
            return replace(state, about=replace(state.about, unit_changes=()), runs_without_place=True)
        case _:
            return state


def may_be_followed(state: State) -> bool:
    """R7, R22, R24: returns whether control may still have an inspection, order or follow-up at the unit."""
    match state:
        case Ended(sent=sent, how="declined" | "lapsed"):
            return sent.kind is AgreementKind.SUSPICION
        case Ended(how=how):
            return how in ("fulfilled", "breached")
        case _:
            return False


def how_it_stands(state: State) -> str:
    """Returns a word for the phase, for refusals and views."""
    match state:
        case Unsent():
            return "never sent"
        case Open(delivered=None):
            return "sent"
        case Open():
            return "delivered"
        case Running():
            return "accepted"
        case Ended(how=how):
            return how


def _with_change(about: About, event: OfferUnitChanged | UnitChangeNoted) -> About:
    changes = sorted((*about.unit_changes, event), key=lambda change: change.holds_from)
    return replace(about, unit_changes=tuple(changes))


def _with_time(about: About, event: TimeSpent | TimeCorrected) -> About:
    """R30, R37: entries of the first release have no id, and cannot be corrected."""
    if event.entry_id is None:
        return about
    entry = TimeEntry(event.phase, event.minutes, event.inspector, event.on_day)
    return replace(about, time={**about.time, event.entry_id: entry})


def _open_on(state: Open, event: Event) -> State:
    match event:
        case OfferDelivered():
            return replace(state, delivered=event, failed=None)
        case DeliveryCorrected() if state.delivered is not None:
            dates = {
                name: getattr(event, name) for name in ("available_at", "response_deadline", "halfway_at", "lapses_at")
            }
            return replace(state, delivered=state.delivered.model_copy(update=dates), halfway_passed=False)
        case ResponseDeadlineRecounted() if state.delivered is not None:
            dates = {name: getattr(event, name) for name in ("response_deadline", "halfway_at", "lapses_at")}
            return replace(state, delivered=state.delivered.model_copy(update=dates))
        case DeliveryFailed():
            return replace(state, failed=event)
        case OfferResent():
            return replace(state, attempts=event.attempt, failed=None)
        case OfferOpened():
            return replace(state, opened=True)
        case OfferUnansweredHalfway():
            return replace(state, halfway_passed=True)
        case Accepted():
            return Running(state.sent, state.about, event)
        case Declined() | Lapsed() | Withdrawn():
            deadline = state.delivered.response_deadline if state.delivered is not None else None
            return Ended(state.sent, state.about, type(event).__name__.lower(), event, response_deadline=deadline)
        case _:
            return state
