"""The calendar over HTTP: visits, free days and load of a period, for the authority alone (R17, R18, R42)."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.control.planning.http.views import CalendarEntry, CentreLoad, CentreLoads, FreeDay, FreeDays, PersonLoad
from services.control.planning.lookups.centres import people_of_centre
from services.control.planning.lookups.load import load_of, places_of
from services.control.planning.lookups.visits import Whose, order_of, visits_between
from services.control.planning.rules.calendar_period import LONGEST_DAYS, PERIOD, period_of
from services.control.planning.rules.visit import Visit
from shared.contracts.vocabulary import Centre, Span
from shared.deadlines.copenhagen import local_day
from shared.http import pages
from shared.http.access import AUTHORITY, Asker
from shared.http.field_types import PersonParameter, PNumberParameter
from shared.http.openapi import READ
from shared.http.problems import malformed
from shared.policy.policy import Policy
from shared.service import Runtime, runtime_of

router = APIRouter(tags=["calendar"])
_LOOKS_AHEAD = timedelta(days=800)
"""How far ahead late visits are looked for: further than a visit is ever booked."""
PeriodParameter = Annotated[
    str,
    Query(
        pattern=PERIOD,
        description=(
            "ISO 8601: a day `2026-12-07`, a week `2026-W50`, a month `2026-12`, or from one day to another, both "
            f"included, `2026-12-07/2026-12-20`. At most {LONGEST_DAYS} days."
        ),
        examples=["2026-W50"],
    ),
]
PersonFilter = Annotated[PersonParameter | None, Query(description="Only the calendar of this person.")]
CentreFilter = Annotated[Centre | None, Query(description="R42: only calendars of people of this centre.")]
UnitFilter = Annotated[PNumberParameter | None, Query(description="Only visits to this production unit.")]


@router.get("/v1/calendar", responses=pages.IN_PAGES, **READ)
async def read_calendar(
    request: Request,
    response: Response,
    asker: Asker,
    period: PeriodParameter,
    person: PersonFilter = None,
    centre: CentreFilter = None,
    p_number: UnitFilter = None,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[CalendarEntry]:
    """Returns the visits of a period by day and hour, also those that no company knows of (R17, R18)."""
    asker.require_role(*AUTHORITY)
    runtime, span = runtime_of(request), _span(period)
    await runtime.gate.wait_for_token(request, asker)
    found = await visits_between(runtime, span.first, span.last, _policy(runtime), Whose(person, centre, p_number))
    return _page(response, found, cursor, limit)


@router.get("/v1/calendar/late", responses=pages.IN_PAGES, **READ)
async def read_late_visits(
    request: Request,
    response: Response,
    asker: Asker,
    person: PersonFilter = None,
    centre: CentreFilter = None,
    p_number: UnitFilter = None,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[CalendarEntry]:
    """Returns the visits from today on that stand after their window, each with the coded reason (R7, R17)."""
    asker.require_role(*AUTHORITY)
    runtime = runtime_of(request)
    await runtime.gate.wait_for_token(request, asker)
    today = local_day(runtime.clock.now())
    whose = Whose(person, centre, p_number)
    found = await visits_between(runtime, today, today + _LOOKS_AHEAD, _policy(runtime), whose)
    return _page(response, [visit for visit in found if visit.is_late], cursor, limit)


@router.get("/v1/calendar/free")
async def read_free_days(
    request: Request,
    asker: Asker,
    period: PeriodParameter,
    person: Annotated[PersonParameter, Query(description="Whose calendar.")],
) -> FreeDays:
    """Returns on which working days of a period a further visit has a place (R17). Asking draws and takes nothing."""
    asker.require_role(*AUTHORITY)
    runtime = runtime_of(request)
    places = await places_of(runtime, person, _span(period), _policy(runtime))
    return FreeDays(person=person, days=[FreeDay.of(day, place) for day, place in places])


@router.get("/v1/calendar/load", responses=pages.IN_PAGES)
async def read_load(
    request: Request,
    response: Response,
    asker: Asker,
    period: PeriodParameter,
    centre: CentreFilter = None,
    person: PersonFilter = None,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[PersonLoad]:
    """Returns by their ids how many half hours people work in a period, and how many are taken (R17, R42).

    Shows the people whom a directory knows, or the one who is asked about.
    """
    asker.require_role(*AUTHORITY)
    runtime, span = runtime_of(request), _span(period)
    last: Any = pages.read_cursor(cursor, pages.text)
    people = [person] if person is not None else await _everybody(runtime, centre)
    further: Sequence[str] = pages.after(people, last, lambda one: (one,))
    page, next_cursor = pages.cut(further[: limit + 1], limit, lambda one: (one,))
    pages.tell_next(response, next_cursor)
    loads = await load_of(runtime, page, span, _policy(runtime), Whose(person, centre))
    return [PersonLoad.of(load) for load in loads]


@router.get("/v1/calendar/centres")
async def read_load_of_centres(request: Request, asker: Asker, period: PeriodParameter) -> CentreLoads:
    """Returns the load of every centre in a period: the sum over its people (R17, R42)."""
    asker.require_role(*AUTHORITY)
    runtime, span = runtime_of(request), _span(period)
    policy = _policy(runtime)
    loads = [
        CentreLoad.of(
            centre,
            await load_of(runtime, await people_of_centre(runtime, centre), span, policy, Whose(centre=centre)),
        )
        for centre in Centre
    ]
    return CentreLoads(centres=loads)


async def _everybody(runtime: Runtime, centre: Centre | None) -> list[str]:
    centres = Centre if centre is None else (centre,)
    return sorted([person for one in centres for person in await people_of_centre(runtime, one)])


def _policy(runtime: Runtime) -> Policy:
    return runtime.policies.at(runtime.clock.now())


def _span(period: str) -> Span:
    try:
        return period_of(period)
    except ValueError as error:
        raise malformed(
            "query.period", "there is no such period, or it has more than {most} days", most=LONGEST_DAYS
        ) from error


def _page(response: Response, found: Sequence[Visit], cursor: str | None, limit: int) -> list[CalendarEntry]:
    last: Any = pages.read_cursor(cursor, pages.day, time.fromisoformat, pages.text, pages.uuid)
    page, further = pages.cut(pages.after(found, last, order_of)[: limit + 1], limit, _written_key)
    pages.tell_next(response, further)
    return [CalendarEntry.of(visit) for visit in page]


def _written_key(visit: Visit) -> tuple[date, str, str, UUID]:
    return visit.day, visit.hours.begins.isoformat(), visit.inspector, visit.visit_id
