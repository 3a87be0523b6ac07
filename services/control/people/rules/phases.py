"""Where a person of the authority stands: listed or gone, with absences and stand-ins, as the facts say (R42)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.people import (
    AwayNoted,
    AwayWithdrawn,
    CalendarFeedOpened,
    CalendarFeedWithdrawn,
    PersonLeft,
    StandInNamed,
    StandInWithdrawn,
    VisitsReplanned,
)
from shared.contracts.public_forms import PersonChanged, PersonListed
from shared.contracts.vocabulary import PersonDescription, Span, Told
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event

Value = TypeVar("Value")
TellsThat = TypeVar("TellsThat", bound=Told)


@dataclass(frozen=True)
class Unlisted:
    """The directory does not have the person."""


@dataclass(frozen=True)
class Listed:
    """The person works at the authority."""

    said: PersonListed | PersonChanged
    """How the person was described last."""
    absences: Mapping[UUID, AwayNoted] = field(default_factory=dict)
    """By id; those that were withdrawn are left out."""
    stand_ins: Mapping[UUID, StandInNamed] = field(default_factory=dict)
    """By id; those that were withdrawn are left out."""
    calendar_changed_at: datetime | None = None
    """R17: the latest change of the calendar after which the visits in it were not looked through yet."""
    feed: CalendarFeedOpened | None = None
    """R17: the secret address of the person's visits; None if there is none."""

    @property
    def person_id(self) -> str:
        """Returns the pseudonymous id, as tokens carry it."""
        return self.said.person_id

    @property
    def described(self) -> PersonDescription:
        """Returns what the directory knows of the person beside names and addresses."""
        return only(PersonDescription, self.said)


@dataclass(frozen=True)
class Gone:
    """The person leaves the authority, or has left it."""

    before: Listed
    last_day: date
    calendar_changed_at: datetime | None = None
    """R17: the same as of somebody who is listed."""

    @property
    def person_id(self) -> str:
        """Returns the pseudonymous id, as tokens carry it."""
        return self.before.person_id


State = Unlisted | Listed | Gone


def evolve(state: State, event: Event) -> State:
    """Returns the phase after a fact. Facts that do not fit the phase leave it as it is."""
    match event:
        case PersonListed():
            known = state.before if isinstance(state, Gone) else state
            # The feed ended with the last day: who comes back asks for another one.
            again = replace(known, said=event, feed=None) if isinstance(known, Listed) else Listed(event)
            return replace(again, calendar_changed_at=None if isinstance(state, Unlisted) else event.listed_at)
        case PersonChanged():
            return _described_anew(state, event)
        case PersonLeft():
            before = state.before if isinstance(state, Gone) else state
            return Gone(before, event.last_day, event.noted_at) if isinstance(before, Listed) else state
        case CalendarFeedOpened():
            return replace(state, feed=event) if isinstance(state, Listed) else state
        case CalendarFeedWithdrawn():
            return _without_feed(state)
        case VisitsReplanned():
            if isinstance(state, Unlisted) or state.calendar_changed_at != event.changed_at:
                return state
            return replace(state, calendar_changed_at=None)
        case _:
            return _of_days(state, event) if isinstance(state, Listed) else state


def _described_anew(state: State, event: PersonChanged) -> State:
    known = state.before if isinstance(state, Gone) else state
    if not isinstance(known, Listed):
        return Listed(event)
    before, after = known.said, event
    works = (before.centre, before.working_pattern, before.visits_per_day)
    changed = works != (after.centre, after.working_pattern, after.visits_per_day)
    return replace(
        known,
        said=event,
        calendar_changed_at=event.changed_at if changed else known.calendar_changed_at,
        feed=None if isinstance(state, Gone) else known.feed,
    )


def _without_feed(state: State) -> State:
    match state:
        case Unlisted():
            return state
        case Listed():
            return replace(state, feed=None)
        case Gone(before=before):
            return replace(state, before=replace(before, feed=None))


def _of_days(state: Listed, event: Event) -> Listed:
    match event:
        case AwayNoted():
            absences = {**state.absences, event.absence_id: event}
            return replace(state, absences=absences, calendar_changed_at=event.noted_at)
        case AwayWithdrawn():
            left = _without(state.absences, event.absence_id)
            return replace(state, absences=left, calendar_changed_at=event.withdrawn_at)
        case StandInNamed():
            return replace(state, stand_ins={**state.stand_ins, event.stand_in_id: event})
        case StandInWithdrawn():
            return replace(state, stand_ins=_without(state.stand_ins, event.stand_in_id))
        case _:
            return state


def how_it_stands(state: State) -> str:
    """Returns the word by which a view names the phase."""
    match state:
        case Unlisted():
            return "unlisted"
        case Listed():
            return "listed"
        case Gone():
            return "gone"


def only(kind: type[TellsThat], told: BaseModel) -> TellsThat:
    """Returns what a fact tells as exactly that type, so that states compare it with what a command tells."""
    return kind.model_validate({name: getattr(told, name) for name in kind.model_fields})


def require_listed(state: State) -> Listed:
    """R42: raises Refused unless the person works at the authority."""
    match state:
        case Listed():
            return state
        case Gone():
            raise Refused(
                "R42", "{person} has left: the last day is {last}", person=state.before.person_id, last=state.last_day
            )
        case Unlisted():
            raise Refused("R42", "the directory does not list this person")


def refuse_backwards(span: Span) -> None:
    """R42: raises Refused if the days end before they begin."""
    if span.last < span.first:
        raise Refused("R42", "the days end on {last}, before they begin on {first}", first=span.first, last=span.last)


def _without(values: Mapping[UUID, Value], key: UUID) -> Mapping[UUID, Value]:
    return {name: value for name, value in values.items() if name != key}
