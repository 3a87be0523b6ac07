"""Calendar feeds: secret addresses at which a person's visits, or those of a centre's people, can be read (R17, R42).

Only the hash of the secret is known here, so neither a fact nor a backup tells the address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.control.people.rules.phases import Gone, Listed, State, Unlisted, require_listed
from shared.contracts.people import (
    CalendarFeedOpened,
    CalendarFeedWithdrawn,
    CentreCalendarFeedOpened,
    CentreCalendarFeedWithdrawn,
)
from shared.contracts.vocabulary import Centre
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event

_OF_PERSON = "calendar-feed/person/"
_OF_CENTRE = "calendar-feed/centre/"


@dataclass(frozen=True)
class OpenFeed:
    """The person asks for an address; one that was asked for before holds no more."""

    at: datetime
    by: str
    token_hash: str


@dataclass(frozen=True)
class WithdrawFeed:
    """The address of the person is to hold no more."""

    at: datetime
    by: str


@dataclass(frozen=True)
class OpenCentreFeed:
    """Who leads the centre asks for an address; one that was asked for before holds no more."""

    at: datetime
    by: str
    centre: Centre
    token_hash: str
    leader: State
    """What the directory says of who asks."""


@dataclass(frozen=True)
class WithdrawCentreFeed:
    """The address of the centre is to hold no more."""

    at: datetime
    by: str
    centre: Centre


def open_feed(state: State, command: OpenFeed) -> Sequence[Event]:
    """R42: opens a person's feed, instead of an earlier one; refuses who is not listed, as nothing would end it."""
    listed = require_listed(state)
    return (
        CalendarFeedOpened(
            person_id=listed.person_id, token_hash=command.token_hash, opened_at=command.at, opened_by=command.by
        ),
    )


def withdraw_feed(state: State, command: WithdrawFeed) -> Sequence[Event]:
    """R42: withdraws the feed of a person, also of one who leaves; nothing if none is open."""
    if isinstance(state, Unlisted) or _of_person(state) is None:
        return ()
    return (CalendarFeedWithdrawn(person_id=state.person_id, withdrawn_at=command.at, withdrawn_by=command.by),)


def open_centre_feed(command: OpenCentreFeed) -> Sequence[Event]:
    """R42: opens the feed of a centre, instead of an earlier one, for whom the directory has as its leader."""
    listed = require_listed(command.leader)
    if listed.described.leads is not command.centre:
        raise Refused(
            "R42", "the directory does not say that this person leads the centre {centre}", centre=command.centre
        )
    return (
        CentreCalendarFeedOpened(
            centre=command.centre, token_hash=command.token_hash, opened_at=command.at, opened_by=command.by
        ),
    )


def withdraw_centre_feed(feed: CentreCalendarFeedOpened | None, command: WithdrawCentreFeed) -> Sequence[Event]:
    """R42: withdraws the feed of a centre; nothing if none is open."""
    if feed is None:
        return ()
    return (CentreCalendarFeedWithdrawn(centre=command.centre, withdrawn_at=command.at, withdrawn_by=command.by),)


def open_on(state: State, token_hash: str, today: date) -> CalendarFeedOpened | None:
    """R42: returns the feed of a person with this hash; None if it is another one, or holds no more on that day.

    The address of somebody who leaves holds until the last day, that day included.
    """
    match state:
        case Unlisted():
            return None
        case Gone(last_day=works_until) if today > works_until:
            return None
        case Listed() | Gone():
            feed = _of_person(state)
            return feed if feed is not None and feed.token_hash == token_hash else None


def still_leads(leader: State, centre: Centre, today: date) -> bool:
    """R42: returns whether the directory has somebody as the leader of a centre, until the last day of who leaves."""
    match leader:
        case Unlisted():
            return False
        case Listed(described=described):
            return described.leads is centre
        case Gone(before=before, last_day=works_until):
            return before.described.leads is centre and today <= works_until


def feed_name_of_person(token_hash: str) -> str:
    """Returns the name under which the person is found whose feed has this hash."""
    return f"{_OF_PERSON}{token_hash}"


def feed_name_of_centre(token_hash: str) -> str:
    """Returns the name under which the centre is found whose feed has this hash."""
    return f"{_OF_CENTRE}{token_hash}"


def feed_names(state: State) -> frozenset[str]:
    """R42: returns the name that a person's open feed reserves."""
    feed = None if isinstance(state, Unlisted) else _of_person(state)
    return frozenset() if feed is None else frozenset({feed_name_of_person(feed.token_hash)})


def _of_person(state: Listed | Gone) -> CalendarFeedOpened | None:
    return state.before.feed if isinstance(state, Gone) else state.feed
