"""The facts of the control service, read from its database as they come, and what they say of visits."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from benchmarks.planning.one_process import Written
from benchmarks.planning.play import Held
from services.control.service import SERVICE
from shared.contracts.control import (
    ComplianceDeadlineSet,
    ControlBooked,
    ControlCompleted,
    ControlTurnedIntoGuidance,
    DocumentationReceived,
    ExtensionGranted,
    Terminated,
)
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event, EventTypes

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection
_NEWER = """
select position, stream, type, schema_version, data, metadata ->> 'command_id' as command
from control.events where position > $1 order by position
"""
_TYPES = EventTypes(SERVICE.facts)


class ControlFacts:
    """All facts of control so far, by append, and which visits are booked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._position = 0
        self.appended: list[Written] = []
        self.visits = Visits()

    async def follow(self) -> Sequence[Written]:
        """Reads what was recorded since the last time, and returns it. One append has one command id."""
        rows = await self._connection.fetch(_NEWER, self._position)
        if rows:
            self._position = rows[-1]["position"]
        newer = [_written(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row["command"])]
        for written in newer:
            for _, facts in written:
                for fact in facts:
                    self.visits.note(fact)
        self.appended += newer
        return newer


def _written(rows: Sequence[Any]) -> Written:
    by_stream: defaultdict[UUID, list[Event]] = defaultdict(list)
    for row in rows:
        by_stream[row["stream"]].append(_TYPES.read(row["type"], row["data"], row["schema_version"]))
    return tuple((stream, tuple(facts)) for stream, facts in by_stream.items())


@dataclass(frozen=True)
class _Windows:
    after_deadline: Deadline
    after_documentation: Deadline | None = None

    @property
    def counts(self) -> Deadline:
        """R17: the documentation that the agreement is met starts the 60 days, else the deadline."""
        return self.after_documentation or self.after_deadline


class Visits:
    """The visits that are booked and held, by what the facts say; each agreement has one place."""

    def __init__(self) -> None:
        self.booked: dict[UUID, ControlBooked] = {}
        """By agreement, until the visit is held."""
        self.held: list[Held] = []
        self.late_unexplained = 0
        """R17: visits after their window that neither their booking nor their report gives a reason for."""
        self.saved: Counter[str] = Counter()
        """R18, R21: controls without a visit of their own, by how."""
        self._windows: dict[UUID, _Windows] = {}
        self._ended = set[UUID]()
        self._by_day: defaultdict[date, set[UUID]] = defaultdict(set)

    def window(self, agreement: UUID) -> Deadline:
        """R17: returns the window of an agreement's control as it stands now."""
        return self._windows[agreement].counts

    def awaited_until(self, day: date) -> list[UUID]:
        """Returns the running agreements whose window ends by a day, and whose control has not decided yet."""
        windows = self._windows.items()
        return [one for one, window in windows if window.counts.last_day <= day and one not in self._ended]

    def take_booked_until(self, day: date) -> list[ControlBooked]:
        """Returns the visits that stand on a day, or on an earlier one on which they were not held; each once."""
        days = sorted(one for one in self._by_day if one <= day)
        agreements = [agreement for one in days for agreement in sorted(self._by_day.pop(one))]
        booked = (self.booked.get(agreement) for agreement in dict.fromkeys(agreements))
        return [one for one in booked if one is not None and one.day <= day]

    def note(self, fact: Event) -> None:
        """Notes a fact."""
        match fact:
            case ComplianceDeadlineSet():
                self._windows[fact.agreement_id] = _Windows(fact.control_window)
            case ExtensionGranted():
                documented = self._windows[fact.agreement_id].after_documentation
                self._windows[fact.agreement_id] = _Windows(fact.control_window, documented)
            case DocumentationReceived(control_window=Deadline() as window):
                after_deadline = self._windows[fact.agreement_id].after_deadline
                self._windows[fact.agreement_id] = _Windows(after_deadline, window)
            case ControlBooked():
                self.booked[fact.agreement_id] = fact
                self._by_day[fact.day].add(fact.agreement_id)
            case Terminated():
                self._ended.add(fact.agreement_id)
            case ControlCompleted() | ControlTurnedIntoGuidance():
                self._note_held(fact)
            case _:
                pass

    def _note_held(self, fact: ControlCompleted | ControlTurnedIntoGuidance) -> None:
        decided = isinstance(fact, ControlCompleted)
        if decided:
            self._ended.add(fact.agreement_id)
        booked, window = self.booked.pop(fact.agreement_id, None), self.window(fact.agreement_id)
        if isinstance(fact, ControlCompleted) and fact.from_meeting is not None:
            self.saved["a guidance meeting became the control"] += 1
            return
        assert booked is not None, "only a visit that is booked is held"
        if booked.form is not ContactForm.VISIT:
            self.saved["by phone"] += 1
        self.held.append(
            Held(
                fact.agreement_id,
                booked.place_id or fact.agreement_id,
                booked.inspector,
                booked.day,
                window.counted_from,
                window.last_day,
                decided=decided,
            )
        )
        reason = booked.late_reason or (fact.late_reason if isinstance(fact, ControlCompleted) else None)
        self.late_unexplained += booked.day > window.last_day and reason is None
