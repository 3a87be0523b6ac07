"""The HTTP interface of the directory: people, their absences and stand-ins, and the holidays of centres (R42)."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.control.people.http.views import AddressView, CentreList, CentreView, PersonView, person_view
from services.control.people.lookups.directory import history_of, is_listed, person_ids, reachable_in
from services.control.people.rules.absences import NoteAway, WithdrawAway
from services.control.people.rules.centre_holidays import CENTRE, SetHolidays, centre_stream
from services.control.people.rules.listing import ListPerson, NoteLeaving
from services.control.people.rules.person_decider import PERSON, Command, person_stream
from services.control.people.rules.phases import Gone, Listed, State, Unlisted
from services.control.people.rules.stand_ins import NameStandIn, WithdrawStandIn
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Reachable, Span, StandIn, WorkingHours
from shared.eventstore.commands import read
from shared.http import pages
from shared.http.access import AUTHORITY, Asker, Viewer
from shared.http.bodies import Body, GivenText, PersonId, nothing_unknown, told
from shared.http.commands import Prepared
from shared.http.field_types import Day, Email, LocalTime, Phone
from shared.http.openapi import CHANGE, PUT, READ, SEEN, problems
from shared.http.problems import not_found
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["people"])
_LONGEST_LIST = 200
Person = Annotated[PersonId, Path(description="Pseudonymous id, as tokens carry it.")]


class Hours(WorkingHours):
    """R42: a span of a weekday in which somebody works as a rule."""

    begins: LocalTime
    ends: LocalTime


class PersonBody(Body, PersonDescription, Reachable):
    """R42: who somebody is; everything is said at once, and replaces what was said before."""

    roles: Annotated[tuple[PersonRole, ...], Field(max_length=3)]
    competences: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    working_pattern: Annotated[tuple[Annotated[Hours, nothing_unknown(Hours)], ...], Field(max_length=50)] = ()
    name: GivenText
    email: Email | None = None
    phone: Phone | None = None


class Away(Body, Span):
    """R42: from one day to another, both included. Nobody asks why."""

    first: Day
    last: Day


class StandInBody(Body, StandIn):
    """R42: which colleague acts in these days."""

    stand_in: PersonId
    first: Day
    last: Day


class Departure(Body):
    """R42: when somebody leaves the authority."""

    last_day: Day


class HolidaysBody(Body):
    """R42: all days on which the centre is closed beside the public holidays; they replace those set before."""

    days: Annotated[tuple[Day, ...], Field(max_length=_LONGEST_LIST)]


@router.get("/v1/people", responses=pages.IN_PAGES)
async def list_people(
    request: Request,
    response: Response,
    asker: Asker,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[PersonView]:
    """Returns the people of the authority by their ids, also those who have left (R42). For the authority only."""
    asker.require_role(*AUTHORITY)
    runtime = runtime_of(request)
    last: Any = pages.read_cursor(cursor, pages.text)
    found = await person_ids(runtime, last[0] if last else None, limit + 1)
    ids, further = pages.cut(found, limit, lambda person_id: (person_id,))
    pages.tell_next(response, further)
    shown = []
    for person_id in ids:
        history = await history_of(runtime, person_id)
        state = PERSON.fold([recorded.event for recorded in history])
        if not isinstance(state, Unlisted):
            shown.append(person_view(state, history))
    return shown


@router.get("/v1/people/{person_id}", responses=SEEN, **READ)
async def read_person(person_id: Person, request: Request, response: Response, asker: Asker) -> PersonView:
    """Returns one person with absences and stand-ins (R42). For the authority only."""
    asker.require_role(*AUTHORITY)
    state, history, headers = await runtime_of(request).gate.read(request, asker, PERSON, person_stream(person_id))
    if isinstance(state, Unlisted):
        raise not_found()
    response.headers.update(headers)
    return person_view(state, history)


@router.get("/v1/people/{person_id}/address", responses=problems(404))
async def read_address(person_id: Person, request: Request, asker: Asker) -> AddressView:
    """Returns how a person is called and reached, for notices only (R29, R42)."""
    asker.require_role(Role.NOTICES)
    runtime = runtime_of(request)
    reached = reachable_in(await history_of(runtime, person_id)) or Reachable(name=runtime.people.name_of(person_id))
    if reached.name is None and reached.email is None:
        raise not_found()
    return AddressView(name=reached.name, email=reached.email)


@router.put("/v1/people/{person_id}", **PUT)
async def put_person(person_id: Person, body: PersonBody, request: Request, asker: Asker) -> Response:
    """Lists a person, or describes one anew; the same description again changes nothing (R42).

    For operators, the personnel register, and the leader of the person's centre.
    """
    runtime = runtime_of(request)

    async def command(state: State, at: datetime) -> Command:
        _require_keeper(asker, state, body.centre)
        return ListPerson(
            at=at,
            by=asker.subject,
            person_id=person_id,
            told=told(PersonDescription, body),
            reachable=told(Reachable, body),
            known=reachable_in(await history_of(runtime, person_id)),
        )

    return await _perform(request, asker, person_id, command, may_create=True)


@router.post("/v1/people/{person_id}/departure", **CHANGE)
async def note_departure(person_id: Person, body: Departure, request: Request, asker: Asker) -> Response:
    """Records a person's last day at the authority; a later request replaces the day (R42)."""
    return await _perform_simple(
        request, asker, person_id, lambda at: NoteLeaving(at=at, by=asker.subject, last_day=body.last_day)
    )


@router.post("/v1/people/{person_id}/absences", **CHANGE)
async def note_absence(person_id: Person, body: Away, request: Request, asker: Asker) -> Response:
    """Records that a person is away from one day to another; exactly the same days again change nothing (R42)."""
    absence_id = uuid7()
    return await _perform_simple(
        request,
        asker,
        person_id,
        lambda at: NoteAway(at=at, by=asker.subject, absence_id=absence_id, span=told(Span, body)),
    )


@router.post("/v1/people/{person_id}/absences/{absence_id}/withdrawal", **CHANGE)
async def withdraw_absence(person_id: Person, absence_id: UUID, request: Request, asker: Asker) -> Response:
    """Withdraws an absence: the person is not away in those days after all (R42)."""
    return await _perform_simple(
        request, asker, person_id, lambda at: WithdrawAway(at=at, by=asker.subject, absence_id=absence_id)
    )


@router.post("/v1/people/{person_id}/stand-ins", **CHANGE)
async def name_stand_in(person_id: Person, body: StandInBody, request: Request, asker: Asker) -> Response:
    """Records a colleague in the directory who acts for the person in these days (R42)."""
    runtime = runtime_of(request)
    stand_in_id = uuid7()

    async def command(state: State, at: datetime) -> Command:
        _require_keeper(asker, state)
        return NameStandIn(
            at=at,
            by=asker.subject,
            stand_in_id=stand_in_id,
            told=told(StandIn, body),
            stand_in_is_listed=await is_listed(runtime, body.stand_in),
        )

    return await _perform(request, asker, person_id, command)


@router.post("/v1/people/{person_id}/stand-ins/{stand_in_id}/withdrawal", **CHANGE)
async def withdraw_stand_in(person_id: Person, stand_in_id: UUID, request: Request, asker: Asker) -> Response:
    """Ends the naming of a stand-in, who does not act for the person any more (R42)."""
    return await _perform_simple(
        request, asker, person_id, lambda at: WithdrawStandIn(at=at, by=asker.subject, stand_in_id=stand_in_id)
    )


@router.get("/v1/centres")
async def list_centres(request: Request, asker: Asker) -> CentreList:
    """Returns the centres with their holidays (R42). For the authority only."""
    asker.require_role(*AUTHORITY)
    store = runtime_of(request).store
    holidays = [(centre, (await read(store, CENTRE, centre_stream(centre))).state.days) for centre in Centre]
    return CentreList(centres=[CentreView(centre=centre, holidays=list(days)) for centre, days in holidays])


@router.put("/v1/centres/{centre}/holidays", **PUT)
async def put_holidays(centre: Centre, body: HolidaysBody, request: Request, asker: Asker) -> Response:
    """Replaces the days on which a centre is closed (R42). For operators, the register, and the centre's leader."""
    asker.require_centre_led(centre)
    runtime = runtime_of(request)
    now = runtime.clock.now()
    command = SetHolidays(at=now, by=asker.subject, centre=centre, days=tuple[date, ...](body.days))

    async def prepare(_: Any) -> Prepared[Any, Any]:
        return Prepared(command)

    return await runtime.gate.perform(request, asker, CENTRE, centre_stream(centre), prepare, at=now, may_create=True)


async def _perform_simple(
    request: Request, asker: Viewer, person_id: str, command: Callable[[datetime], Command]
) -> Response:
    """Runs a command that is made of the request alone."""

    async def made(state: State, at: datetime) -> Command:
        _require_keeper(asker, state)
        return command(at)

    return await _perform(request, asker, person_id, made)


async def _perform(
    request: Request,
    asker: Viewer,
    person_id: str,
    command: Callable[[State, datetime], Awaitable[Command]],
    *,
    may_create: bool = False,
) -> Response:
    runtime = runtime_of(request)
    now = runtime.clock.now()

    async def prepare(state: State) -> Prepared[State, Command]:
        return Prepared(await command(state, now))

    stream = person_stream(person_id)
    return await runtime.gate.perform(request, asker, PERSON, stream, prepare, at=now, may_create=may_create)


def _require_keeper(asker: Viewer, state: State, *centres: Centre) -> None:
    """R42: raises Problem (403) if a leader acts on people who do not belong, or would not, to the own centre."""
    match state:
        case Listed(said=said) | Gone(before=Listed(said=said)):
            centres = (said.centre, *centres)
        case Unlisted():
            pass
    for centre in centres:
        asker.require_centre_led(centre)
