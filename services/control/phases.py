"""Where a course stands: the phases of an agreement from acceptance on, and how facts lead from one to the next."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.contracts.control import (
    Breached,
    ComplianceDeadlineSet,
    ControlBooked,
    ControlCompleted,
    ControlTurnedIntoGuidance,
    DocumentationReceived,
    FollowUpFellDue,
    FollowUpHeld,
    Fulfilled,
    HearingAnswered,
    HearingExpired,
    HearingOpened,
    OrderRequested,
)
from shared.contracts.vocabulary import Measure
from shared.deadlines.deadline import Deadline
from shared.kernel.events import Event


@dataclass(frozen=True)
class NotStarted:
    """No agreement runs."""


@dataclass(frozen=True)
class Running:
    """Accepted, and no control has decided yet."""

    started: ComplianceDeadlineSet
    parts: int = 0
    complete: DocumentationReceived | None = None
    measures: tuple[Measure, ...] = ()
    booking: ControlBooked | None = None
    turned_at: datetime | None = None
    """When the last control was turned into guidance (R21)."""

    @property
    def window(self) -> Deadline:
        """R17: the days for the control, from the complete documentation or else from the compliance deadline.

        R21: where those of the documentation were over when a control was turned into guidance, the others count again.
        """
        window = self.complete.control_window if self.complete is not None else None
        if window is None or (self.turned_at is not None and window.has_passed(self.turned_at)):
            return self.started.control_window
        return window


@dataclass(frozen=True)
class Kept:
    """Fulfilled; asked once more a year later (R24)."""

    started: ComplianceDeadlineSet
    measures: tuple[Measure, ...]
    fulfilled: Fulfilled
    follow_up_due: bool = False
    followed_up: bool = False


@dataclass(frozen=True)
class Broken:
    """Breached; the company is heard, then an order is asked for (R22)."""

    started: ComplianceDeadlineSet
    breached: Breached
    hearing: HearingOpened | None = None
    heard: bool = False
    requested: OrderRequested | None = None


State = NotStarted | Running | Kept | Broken


def evolve(state: State, event: Event) -> State:
    """The next phase; facts that do not fit leave it as it is."""
    match state, event:
        case NotStarted(), ComplianceDeadlineSet():
            return Running(event)
        case Running(), DocumentationReceived():
            complete = state.complete or (event if event.complete else None)
            return replace(
                state, parts=event.part, complete=complete, measures=_corrected(state.measures, event.measures)
            )
        case Running(), ControlBooked():
            return replace(state, booking=event)
        case Running(), ControlTurnedIntoGuidance():
            return replace(state, booking=None, turned_at=event.held_at)
        case Running(), ControlCompleted():
            return replace(state, booking=None)
        case Running(), Fulfilled():
            return Kept(state.started, state.measures, event)
        case Running(), Breached():
            return Broken(state.started, event)
        case Broken(), HearingOpened():
            return replace(state, hearing=event)
        case Broken(), (HearingAnswered() | HearingExpired()):
            return replace(state, heard=True)
        case Broken(), OrderRequested():
            return replace(state, requested=event)
        case Kept(), FollowUpFellDue():
            return replace(state, follow_up_due=True)
        case Kept(), FollowUpHeld():
            return replace(state, followed_up=True)
        case _:
            return state


def how_it_stands(state: State) -> str:
    """A word for the phase, for refusals and views."""
    match state:
        case NotStarted():
            return "not_running"
        case Running():
            return "running"
        case Kept():
            return "fulfilled"
        case Broken():
            return "breached"


def _corrected(known: tuple[Measure, ...], sent: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """R16: a measure that is sent again replaces what was said of it; the history keeps both."""
    measures = {measure.measure_id: measure for measure in (*known, *sent)}
    return tuple(measures.values())
