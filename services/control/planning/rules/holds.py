"""Places in a calendar that are kept free for a guidance meeting, until one of them is taken (R12, R17).

The stream of a hold is named after the meeting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from services.control.planning.rules.half_hours import MeetingPlace
from services.control.planning.rules.place_names import former_visit_name, names_of_place
from services.control.planning.rules.visit import Visit, VisitKind, VisitWindow
from shared.contracts.control import HeldPlacesReleased, HeldPlaceTaken, MeetingPlaceLost, PlacesHeld
from shared.contracts.vocabulary import HeldPlace, HoldEnd, PlanCause
from shared.eventstore.decider import Decider, Guard, TimerDue
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


class HoldTimer(StrEnum):
    """What falls due on a hold."""

    EXPIRE = "expire"


EXPIRE = HoldTimer.EXPIRE


@dataclass(frozen=True)
class HoldPlaces:
    """The places that were drawn for a meeting."""

    policy: Policy
    """Which they were chosen by."""
    told: PlacesHeld
    relies_on: tuple[Guard, ...] = ()
    """What the calendar was read from (R42)."""


@dataclass(frozen=True)
class TakePlace:
    """Reaction: the meeting is booked."""

    at: datetime
    agreement_id: UUID
    meeting_id: UUID
    inspector: str
    place: HeldPlace | PlanCause
    """Where it stands in the calendar of that inspector, or why there is no room for it any more."""
    relies_on: tuple[Guard, ...] = ()
    """What that calendar was read from (R42)."""


@dataclass(frozen=True)
class ReleasePlaces:
    """Reaction: the meeting was held, or was cancelled before."""

    at: datetime
    why: HoldEnd


@dataclass(frozen=True)
class NoteLostPlace:
    """The inspector's calendar has changed, and the meeting cannot be held at a time that was promised (R42)."""

    at: datetime
    cause: PlanCause


Command = HoldPlaces | TakePlace | ReleasePlaces | NoteLostPlace | TimerDue


FormerPlaces = frozenset[tuple[str, date]]
"""R17: in whose calendar, and on which day, a place was that is not kept free any more."""


@dataclass(frozen=True)
class NothingHeld:
    """No place was asked for."""


@dataclass(frozen=True)
class Held:
    """All places are kept free, and none is chosen yet."""

    told: PlacesHeld


@dataclass(frozen=True)
class Taken:
    """The meeting is booked, and has its place."""

    told: PlacesHeld
    taken: HeldPlaceTaken
    former: FormerPlaces = frozenset()


@dataclass(frozen=True)
class Released:
    """No place is kept free any more."""

    told: PlacesHeld
    former: FormerPlaces = frozenset()


State = NothingHeld | Held | Taken | Released


def decide(state: State, command: Command) -> Sequence[Event]:
    """R12: refuses a second hold for a meeting; what comes late, or comes again, leads to nothing."""
    match command:
        case HoldPlaces():
            if not isinstance(state, NothingHeld):
                raise Refused(
                    "R12", "places were held for meeting {meeting_id} before", meeting_id=state.told.meeting_id
                )
            return (command.told,)
        case TakePlace():
            return _taken(state, command)
        case ReleasePlaces():
            return _released(state, command.at, command.why)
        case NoteLostPlace():
            return _lost_where_it_stands(state, command)
        case TimerDue():
            return _released(state, command.at, HoldEnd.EXPIRED) if timers(state).get(command.name) else ()
        case _:
            assert_never(command)


def _taken(state: State, command: TakePlace) -> tuple[Event, ...]:
    """Without a hold, which a restore may have lost, the meeting has no place, and guidance is told so."""
    if isinstance(state, NothingHeld) or not isinstance(command.place, HeldPlace):
        cause = PlanCause.GUIDANCE_TIME if isinstance(command.place, HeldPlace) else command.place
        return (_lost(command.agreement_id, command.meeting_id, command.inspector, command.at, cause),)
    if isinstance(state, Taken) and (state.taken.inspector, state.taken.place) == (command.inspector, command.place):
        return ()
    return (
        HeldPlaceTaken(
            agreement_id=state.told.agreement_id,
            meeting_id=state.told.meeting_id,
            inspector=command.inspector,
            place=command.place,
            taken_at=command.at,
        ),
    )


def _released(state: State, at: datetime, why: HoldEnd) -> tuple[Event, ...]:
    if not isinstance(state, Held | Taken):
        return ()
    told = state.told
    return (HeldPlacesReleased(agreement_id=told.agreement_id, meeting_id=told.meeting_id, released_at=at, why=why),)


def _lost_where_it_stands(state: State, command: NoteLostPlace) -> tuple[Event, ...]:
    inspector = responsible(state)
    if not isinstance(state, Held | Taken) or inspector is None:
        return ()
    return (_lost(state.told.agreement_id, state.told.meeting_id, inspector, command.at, command.cause),)


def _lost(agreement_id: UUID, meeting_id: UUID, inspector: str, at: datetime, cause: PlanCause) -> MeetingPlaceLost:
    return MeetingPlaceLost(
        agreement_id=agreement_id, meeting_id=meeting_id, inspector=inspector, lost_at=at, cause=cause
    )


def evolve(state: State, event: Event) -> State:
    """Returns the next phase; facts that do not fit leave it unchanged."""
    match state, event:
        case NothingHeld(), PlacesHeld():
            return Held(event)
        case NothingHeld(), _:
            return state
        case _, HeldPlaceTaken():
            stays = event.inspector, event.place.day
            return Taken(state.told, event, _left(state) - {stays})
        case _, (HeldPlacesReleased() | MeetingPlaceLost()):
            return Released(state.told, _left(state))
        case _:
            return state


def _left(state: Held | Taken | Released) -> FormerPlaces:
    former = frozenset[tuple[str, date]]() if isinstance(state, Held) else state.former
    return former | {(place.inspector, place.day) for place in places_of(state)}


def timers(state: State) -> dict[str, datetime]:
    """R12: returns when places that nobody has chosen from are free again."""
    return {EXPIRE: state.told.expires_at} if isinstance(state, Held) else {}


def places_of(state: State) -> tuple[MeetingPlace, ...]:
    """R12, R17: returns the places that nothing else may take."""
    match state:
        case Held(told=told):
            return tuple(_place(told.inspector, one) for one in told.places)
        case Taken(taken=taken):
            return (_place(taken.inspector, taken.place),)
        case NothingHeld() | Released():
            return ()
        case _:
            assert_never(state)


def _place(inspector: str, place: HeldPlace) -> MeetingPlace:
    return MeetingPlace(inspector, place.day, place.slot, place.hours)


def reservations(state: State) -> frozenset[str]:
    """R17: returns the names of these places in the calendar, and of those that it has had, for calendar feeds."""
    names = frozenset(name for place in places_of(state) for name in names_of_place(place))
    if isinstance(state, Held | Taken):
        names |= {meeting_name(state.told.agreement_id)}
    if not isinstance(state, Taken | Released):
        return names
    told = state.told
    former = (former_visit_name(person, day, told.agreement_id, told.meeting_id) for person, day in state.former)
    return names.union(former)


def meeting_name(agreement_id: UUID) -> str:
    """R12: returns the name that the one open meeting of an agreement reserves."""
    return f"{meetings_of(agreement_id)}open"


def meetings_of(agreement_id: UUID) -> str:
    """Returns the prefix of that name, and of no other name."""
    return f"meeting/{agreement_id}/"


def concerns(state: State) -> Mapping[str, str]:
    """Returns the legal entity and the unit; nothing before places were held."""
    return {} if isinstance(state, NothingHeld) else {"cvr": state.told.cvr, "pnumber": state.told.p_number}


def responsible(state: State) -> str | None:
    """R15: returns in whose calendar the places are, for whom others of the authority act."""
    match state:
        case NothingHeld():
            return None
        case Taken(taken=taken):
            return taken.inspector
        case Held(told=told) | Released(told=told):
            return told.inspector
        case _:
            assert_never(state)


HOLD: Decider[State, Command] = Decider(
    name="hold",
    initial=NothingHeld(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    reservations=reservations,
    concerns=concerns,
    responsible=responsible,
)


def held_place(state: State, number: int) -> HeldPlace | None:
    """R12: returns the place that is kept free under a number; None if it is not, or not any more."""
    if not isinstance(state, Held):
        return None
    return next((place for place in state.told.places if place.number == number), None)


def visits_of_hold(state: State) -> tuple[Visit, ...]:
    """R12, R17: returns how the places stand in the calendar; the company knows of them."""
    if not isinstance(state, Held | Taken):
        return ()
    told = state.told
    return tuple(
        Visit(
            kind=VisitKind.HELD_PLACE if isinstance(state, Held) else VisitKind.GUIDANCE_MEETING,
            stream=told.agreement_id,
            visit_id=told.meeting_id,
            place_id=told.agreement_id,
            p_number=told.p_number,
            cvr=told.cvr,
            topic=told.topic,
            inspector=place.inspector,
            day=place.day,
            slot=place.slot,
            hours=place.hours,
            form=told.form,
            announced=True,
            window=VisitWindow(told.first, told.last),
            late_reason=None,
            drawn=None,
            booked_at=told.held_at if isinstance(state, Held) else state.taken.taken_at,
        )
        for place in places_of(state)
    )
