"""Facts of the directory of people, which control owns: who works where, and when somebody is away (R42).

Their public part holds ids, codes and days: no name, no address, and no reason why somebody is away.
"""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.vocabulary import Centre, PersonDescription, Reachable, Span, StandIn
from shared.eventstore.events import Event

SOURCE = "people-directory"
"""The `ce_source` of these facts. Facts of before the topic `people` were published by `control`, on `agreements`."""


class PersonListed(PersonDescription, Reachable, Event):
    """R42: the authority has this person: for the first time, or again."""

    held: ClassVar[str] = "listed_at"
    person_id: str
    """Pseudonymous id, as tokens carry it."""
    listed_at: datetime
    listed_by: str


class PersonChanged(PersonDescription, Reachable, Event):
    """R42: the person is described anew; everything that was said before is replaced, and the absences stay."""

    held: ClassVar[str] = "changed_at"
    person_id: str
    changed_at: datetime
    changed_by: str


class AwayNoted(Span, Event):
    """R42: the person is away in these days. Nobody asks why, and no field could say it."""

    held: ClassVar[str] = "noted_at"
    person_id: str
    absence_id: UUID
    noted_at: datetime
    noted_by: str


class AwayWithdrawn(Event):
    """R42: the person is not away in those days after all."""

    held: ClassVar[str] = "withdrawn_at"
    person_id: str
    absence_id: UUID
    withdrawn_at: datetime
    withdrawn_by: str


class StandInNamed(StandIn, Event):
    """R42: a colleague acts for the person in these days."""

    held: ClassVar[str] = "named_at"
    person_id: str
    stand_in_id: UUID
    named_at: datetime
    named_by: str


class StandInWithdrawn(Event):
    """R42: the colleague does not act for the person any more, or does not begin to."""

    held: ClassVar[str] = "withdrawn_at"
    person_id: str
    stand_in_id: UUID
    withdrawn_at: datetime
    withdrawn_by: str


class PersonLeft(Event):
    """R42: the person leaves the authority, and gets no new case."""

    held: ClassVar[str] = "noted_at"
    person_id: str
    last_day: date
    """The last day on which the person works."""
    noted_at: datetime
    noted_by: str


class CentreHolidaysSet(Event):
    """R42: the days on which a centre is closed beside the public holidays; they replace those that were set before."""

    held: ClassVar[str] = "set_at"
    centre: Centre
    days: tuple[date, ...]
    set_at: datetime
    set_by: str


class VisitsReplanned(Event):
    """R15, R17, R42: the visits in a person's calendar were looked through after it had changed."""

    held: ClassVar[str] = "replanned_at"
    person_id: str
    changed_at: datetime
    """The change that made it necessary."""
    replanned_at: datetime
    moved: int
    """Visits that have another place now."""
    not_found: int
    """Visits that found none, and stay where they are until somebody makes room or takes over."""


class CentreVisitsReplanned(Event):
    """R17, R42: the visits in the calendars of a centre's people were looked through after its holidays had changed."""

    held: ClassVar[str] = "replanned_at"
    centre: Centre
    changed_at: datetime
    """The change that made it necessary."""
    replanned_at: datetime
    moved: int
    """Visits that have another place now."""
    not_found: int
    """Visits that found none, and stay where they are until somebody makes room or takes over."""


class NextLookSet(Event):
    """R17: when the windows of the controls of a centre are looked through next, and what the last look has found."""

    held: ClassVar[str] = "set_at"
    centre: Centre
    set_at: datetime
    next_look_at: datetime | None
    """None if no control is awaited at the centre; the next agreement that is accepted begins again."""
    windows: int = 0
    """How many windows were looked at."""
    at_risk: int = 0
    """How many of them may not be met."""


class CalendarFeedOpened(Event):
    """R17, R42: a person's visits can be read at a secret address from now on; an earlier address holds no more."""

    held: ClassVar[str] = "opened_at"
    person_id: str
    token_hash: str
    """SHA-256 of the secret part of the address, in hexadecimal digits. The secret itself is kept nowhere."""
    opened_at: datetime
    opened_by: str

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """Returns the hash, which is of a secret that a dry run draws for nothing."""
        return frozenset({"token_hash"})


class CalendarFeedWithdrawn(Event):
    """R17, R42: the visits of a person can no longer be read at the secret address."""

    held: ClassVar[str] = "withdrawn_at"
    person_id: str
    withdrawn_at: datetime
    withdrawn_by: str


class CentreCalendarFeedOpened(Event):
    """R17, R42: the visits of a centre's people can be read at a secret address; an earlier one holds no more."""

    held: ClassVar[str] = "opened_at"
    centre: Centre
    token_hash: str
    """SHA-256 of the secret part of the address, in hexadecimal digits. The secret itself is kept nowhere."""
    opened_at: datetime
    opened_by: str
    """Who leads the centre; the address holds no longer than that."""

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """Returns the hash, which is of a secret that a dry run draws for nothing."""
        return frozenset({"token_hash"})


class CentreCalendarFeedWithdrawn(Event):
    """R17, R42: the visits of a centre's people can no longer be read at the secret address."""

    held: ClassVar[str] = "withdrawn_at"
    centre: Centre
    withdrawn_at: datetime
    withdrawn_by: str


FACTS: tuple[type[Event], ...] = (
    PersonListed,
    PersonChanged,
    AwayNoted,
    AwayWithdrawn,
    StandInNamed,
    StandInWithdrawn,
    PersonLeft,
    CentreHolidaysSet,
    VisitsReplanned,
    CentreVisitsReplanned,
    NextLookSet,
    CalendarFeedOpened,
    CalendarFeedWithdrawn,
    CentreCalendarFeedOpened,
    CentreCalendarFeedWithdrawn,
)
