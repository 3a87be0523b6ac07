"""Who the people of the authority are: they are listed, described anew, and leave (R42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from services.control.people.rules.phases import Gone, Listed, State, Unlisted, require_listed
from shared.contracts.people import PersonChanged, PersonLeft, PersonListed
from shared.contracts.vocabulary import PersonDescription, PersonRole, Reachable, WorkingHours
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.reference.reference import problem_groups


@dataclass(frozen=True)
class ListPerson:
    """Says who a person is; the same again changes nothing."""

    at: datetime
    by: str
    person_id: str
    told: PersonDescription
    reachable: Reachable
    known: Reachable | None = None
    """How the person was called and reached until now; None if nothing was said before."""


@dataclass(frozen=True)
class NoteLeaving:
    """The person leaves the authority."""

    at: datetime
    by: str
    last_day: date


def list_person(state: State, command: ListPerson) -> Sequence[Event]:
    """R42: lists a person, or describes one anew; everything is said at once, as a personnel register does."""
    with every_fault() as check:
        check(_refuse_no_role, command)
        check(_refuse_unknown_group, command.told)
        check(_refuse_leading_without_role, command)
        check(_refuse_impossible_hours, command.told.working_pattern)
    reached = dict(command.reachable)
    match state:
        case Unlisted() | Gone():
            return (
                PersonListed(
                    person_id=command.person_id,
                    listed_at=command.at,
                    listed_by=command.by,
                    **dict(command.told),
                    **reached,
                ),
            )
        case Listed():
            if state.described == command.told and command.known == command.reachable:
                return ()
            return (
                PersonChanged(
                    person_id=command.person_id,
                    changed_at=command.at,
                    changed_by=command.by,
                    **dict(command.told),
                    **reached,
                ),
            )


def note_leaving(state: State, command: NoteLeaving) -> Sequence[Event]:
    """R42: records a person's last day, which replaces an earlier one."""
    if isinstance(state, Gone) and state.last_day == command.last_day:
        return ()
    listed = state.before if isinstance(state, Gone) else require_listed(state)
    return (
        PersonLeft(person_id=listed.person_id, last_day=command.last_day, noted_at=command.at, noted_by=command.by),
    )


def _refuse_no_role(command: ListPerson) -> None:
    if not command.told.roles:
        raise Refused("R42", "{person} has no role: name at least one", person=command.person_id)


def _refuse_unknown_group(told: PersonDescription) -> None:
    unknown = [group for group in told.competences if group not in problem_groups()]
    if unknown:
        raise Refused("R42", "{group} is no problem group", group=", ".join(unknown))


def _refuse_leading_without_role(command: ListPerson) -> None:
    is_leader = PersonRole.LEADER in command.told.roles
    if command.told.leads is not None and not is_leader:
        raise Refused("R42", "{person} leads a centre, and has not the role leader", person=command.person_id)
    if is_leader and command.told.leads is None:
        raise Refused("R42", "{person} has the role leader, and leads no centre", person=command.person_id)


def _refuse_impossible_hours(pattern: Sequence[WorkingHours]) -> None:
    for hours in pattern:
        if hours.ends <= hours.begins:
            raise Refused(
                "R42",
                "working hours begin at {begins} and end at {ends}",
                begins=f"{hours.begins:%H:%M}",
                ends=f"{hours.ends:%H:%M}",
            )
    for one, following in pairwise(sorted(pattern, key=lambda hours: (hours.weekday, hours.begins))):
        if one.weekday == following.weekday and following.begins < one.ends:
            raise Refused("R42", "working hours overlap on weekday {weekday}", weekday=one.weekday)
