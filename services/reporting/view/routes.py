"""The HTTP questions that reporting answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from operator import itemgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request

from services.reporting.cases.case_types import CaseType, Status
from services.reporting.view import queries
from services.reporting.view.models import (
    AgreementsTable,
    CaseCursors,
    CaseDetail,
    CaseItem,
    CaseList,
    Company,
    CompanyCursors,
    ConflictItem,
    Conflicts,
    Course,
    DimensionRow,
    LadderRow,
    LadderTable,
    MeasureItem,
    PlaceItem,
    QuarantineItem,
    Quarantines,
    RelatedCases,
    TaskItem,
    TaskList,
    Timeline,
    TimelineEntry,
    UnitItem,
    Units,
)
from services.reporting.view.queries import CaseFilter, Period
from services.reporting.view.request_parameters import Reader, as_known_now, period, reading
from shared.contracts.vocabulary import Centre
from shared.deadlines.copenhagen import local_day
from shared.eventstore.database import Connection
from shared.http import pages
from shared.http.access import AUTHORITY, Viewer
from shared.http.field_types import (
    CodeParameter,
    CursorParameter,
    CvrParameter,
    IsoInstant,
    PersonParameter,
    PNumberParameter,
    TopicParameter,
)
from shared.http.openapi import problems
from shared.http.pages import PageCursor, PageLimit
from shared.http.problems import not_found

PAGE_SIZE = 50
LARGEST_PAGE = 200
"""Of what hangs on one case or company: so much came at once before there were pages."""


router = APIRouter(prefix="/v1", tags=["reporting"])


ME = "me"
"""Stands for the asker where an inspector is asked for: whoever asks knows no ids by heart."""


def _whom(asker: Viewer, inspector: str | None) -> str | None:
    return asker.subject if inspector == ME else inspector


async def case_filter(
    asker: Reader,
    cvr: Annotated[CvrParameter | None, Query(description="Legal entity.")] = None,
    p_number: Annotated[PNumberParameter | None, Query(description="Production unit.")] = None,
    inspector: Annotated[
        PersonParameter | None, Query(description="Pseudonymous id of the responsible inspector; `me` for the asker.")
    ] = None,
    centre: Annotated[Centre | None, Query(description="R42: centre of the responsible inspector.")] = None,
    topic: Annotated[TopicParameter | None, Query(description="Three-digit code.")] = None,
    group: Annotated[CodeParameter | None, Query(description="Problem group.")] = None,
    industry: Annotated[
        CodeParameter | None, Query(description="Industry of the unit when the case was opened.")
    ] = None,
    status: Annotated[Status | None, Query()] = None,
    case_type: Annotated[CaseType | None, Query()] = None,
    due_before: Annotated[IsoInstant | None, Query(description="The next step is due before this instant.")] = None,
) -> CaseFilter:
    """Returns the filters of a list of cases."""
    return CaseFilter(
        cvr=cvr,
        p_number=p_number,
        inspector=_whom(asker, inspector),
        centre=centre,
        topic=topic,
        problem_group=group,
        industry=industry,
        status=status,
        case_type=case_type,
        due_before=due_before,
    )


Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Cases on a page, at most.")]


@router.get("/cases", responses=problems(400, 404))
async def list_cases(
    request: Request,
    asker: Reader,
    asked: Annotated[CaseFilter, Depends(case_filter)],
    cursor: PageCursor = None,
    limit: Limit = PAGE_SIZE,
) -> CaseList:
    """R26: returns agreements, orders and other cases in one list, with what must happen next."""
    if asked.cvr is not None:
        asker.require_company(asked.cvr)
    async with reading(request, asker) as connection:
        return await _page(connection, asker, asked, cursor, limit)


@router.get("/cases/{case_id}", responses=problems(400, 404))
async def get_case(request: Request, asker: Reader, case_id: UUID) -> CaseDetail:
    """Returns one case with its deadlines, measures, related cases, conflicts and timeline."""
    async with reading(request, asker) as connection:
        row = await queries.find_case(connection, asker, case_id)
        if row is None:
            raise not_found()
        measures = await queries.measures(connection, asker, case_id)
        places = await queries.places(connection, asker, case_id)
        related = await _related(connection, asker, case_id)
        conflicts = await _conflicts(connection, asker, case_id)
        timeline = await _timeline(connection, asker, case_id)
    return CaseDetail.of_parts(
        row,
        measures=[MeasureItem.model_validate(dict(measure)) for measure in measures],
        places=[PlaceItem.model_validate(dict(place)) for place in places],
        related=related.related,
        conflicts=conflicts.conflicts,
        timeline=timeline.timeline,
        next_cursors=CaseCursors(
            timeline=timeline.next_cursor, related=related.next_cursor, conflicts=conflicts.next_cursor
        ),
    )


@router.get("/cases/{case_id}/timeline", responses=problems(400, 404))
async def list_timeline(
    request: Request, asker: Reader, case_id: UUID, cursor: PageCursor = None, limit: PageLimit = pages.LARGEST_PAGE
) -> Timeline:
    """Returns what happened in a case, page by page."""
    async with _case(request, asker, case_id) as connection:
        return await _timeline(connection, asker, case_id, cursor, limit)


@router.get("/cases/{case_id}/related", responses=problems(400, 404))
async def list_related(
    request: Request, asker: Reader, case_id: UUID, cursor: PageCursor = None, limit: PageLimit = pages.LARGEST_PAGE
) -> RelatedCases:
    """Returns the cases that belong together with one, page by page."""
    async with _case(request, asker, case_id) as connection:
        return await _related(connection, asker, case_id, cursor, limit)


@router.get("/cases/{case_id}/conflicts", responses=problems(400, 404))
async def list_conflicts(
    request: Request, asker: Reader, case_id: UUID, cursor: PageCursor = None, limit: PageLimit = pages.LARGEST_PAGE
) -> Conflicts:
    """R8, R41: returns the cases with which a case is or was in conflict, page by page."""
    async with _case(request, asker, case_id) as connection:
        return await _conflicts(connection, asker, case_id, cursor, limit)


@router.get("/tasks", responses=problems(400))
async def list_tasks(
    request: Request,
    asker: Reader,
    inspector: Annotated[
        PersonParameter | None, Query(description="Whose tasks, `me` for one's own; else all.")
    ] = None,
    case_id: Annotated[UUID | None, Query(description="Those of one case.")] = None,
    due_before: Annotated[IsoInstant | None, Query(description="Due before this instant.")] = None,
    cursor: PageCursor = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Tasks on a page, at most.")] = LARGEST_PAGE,
) -> TaskList:
    """R29: returns what inspectors have to do, the most urgent first. For the authority only."""
    asker.require_role(*AUTHORITY)
    after = pages.read_cursor(cursor, pages.instant_or_none, pages.instant, pages.uuid, pages.text, pages.number)
    async with reading(request, asker) as connection:
        found = await queries.tasks(
            connection,
            asker,
            inspector=_whom(asker, inspector),
            case_id=case_id,
            due_before=due_before,
            after=after,
            limit=limit + 1,
        )
    rows, further = pages.cut(found, limit, itemgetter("due", "since", "case_id", "kind", "number"))
    return TaskList(tasks=[TaskItem.model_validate(dict(row)) for row in rows], next_cursor=further)


@router.get("/companies/{cvr}", responses=problems(400, 404))
async def get_company(
    request: Request,
    asker: Reader,
    cvr: Annotated[CvrParameter, Path()],
    cursor: Annotated[CursorParameter | None, Query(description="From the page of cases before.")] = None,
    limit: Limit = PAGE_SIZE,
) -> Company:
    """Returns a legal entity with its units, quarantines and cases."""
    asker.require_company(cvr)
    async with reading(request, asker) as connection:
        units = await _units(connection, asker, cvr)
        quarantines = await _quarantines(connection, asker, cvr, _today(request))
        cases = await _page(connection, asker, CaseFilter(cvr=cvr), cursor, limit)
    if not units.units and not cases.counts:
        raise not_found()
    return Company(
        cvr=cvr,
        units=units.units,
        quarantines=quarantines.quarantines,
        next_cursors=CompanyCursors(units=units.next_cursor, quarantines=quarantines.next_cursor),
        cases=cases,
    )


@router.get("/companies/{cvr}/units", responses=problems(400, 404))
async def list_units(
    request: Request,
    asker: Reader,
    cvr: Annotated[CvrParameter, Path()],
    cursor: PageCursor = None,
    limit: PageLimit = pages.LARGEST_PAGE,
) -> Units:
    """Returns the units that a legal entity has or had, page by page."""
    asker.require_company(cvr)
    async with reading(request, asker) as connection:
        return await _units(connection, asker, cvr, cursor, limit)


@router.get("/companies/{cvr}/quarantines", responses=problems(400, 404))
async def list_quarantines(
    request: Request,
    asker: Reader,
    cvr: Annotated[CvrParameter, Path()],
    cursor: PageCursor = None,
    limit: PageLimit = pages.LARGEST_PAGE,
) -> Quarantines:
    """R22, R40: returns the quarantines of a legal entity's units, page by page."""
    asker.require_company(cvr)
    async with reading(request, asker) as connection:
        return await _quarantines(connection, asker, cvr, _today(request), cursor, limit)


@router.get("/statistics/ladder", responses=problems(400), dependencies=[Depends(as_known_now)])
async def ladder(request: Request, asker: Reader, asked: Annotated[Period, Depends(period)]) -> LadderTable:
    """Counts measures by ladder level and problem group, and whether they are used."""
    async with reading(request, asker) as connection:
        rows = await queries.ladder(connection, asker, asked)
    return LadderTable(rows=[LadderRow.model_validate(dict(row)) for row in rows])


@router.get("/statistics/agreements", responses=problems(400))
async def agreements(
    request: Request,
    asker: Reader,
    asked: Annotated[Period, Depends(period)],
    held_at: Annotated[IsoInstant | None, Query(description="The status that held at this instant.")] = None,
    known_at: Annotated[IsoInstant | None, Query(description="As far as it was recorded by this instant.")] = None,
) -> AgreementsTable:
    """Counts agreements by status within each topic, group, industry, sector and size, beside the orders."""
    asked = Period(asked.opened_from, asked.opened_before, held_at, known_at)
    async with reading(request, asker) as connection:
        rows = await queries.agreements_by_dimension(connection, asker, asked)
        past = held_at is not None or known_at is not None
        course = None if past else Course.of(await queries.course_of_agreements(connection, asker, asked))
    return AgreementsTable(rows=[DimensionRow.model_validate(dict(row)) for row in rows], course=course)


@asynccontextmanager
async def _case(request: Request, asker: Viewer, case_id: UUID) -> AsyncIterator[Connection]:
    """For questions about a case that the asker may know of. Raises 404 for every other."""
    async with reading(request, asker) as connection:
        if await queries.find_case(connection, asker, case_id) is None:
            raise not_found()
        yield connection


async def _timeline(
    connection: Connection, asker: Viewer, case_id: UUID, cursor: str | None = None, limit: int = pages.LARGEST_PAGE
) -> Timeline:
    after = pages.read_cursor(cursor, pages.instant, pages.number)
    found = await queries.timeline(connection, asker, case_id, after=after, limit=limit + 1)
    page, further = pages.cut(found, limit, itemgetter("occurred_at", "nth"))
    return Timeline(timeline=[TimelineEntry.of(fact) for fact in page], next_cursor=further)


async def _related(
    connection: Connection, asker: Viewer, case_id: UUID, cursor: str | None = None, limit: int = pages.LARGEST_PAGE
) -> RelatedCases:
    after = pages.read_cursor(cursor, pages.instant, pages.uuid)
    found = await queries.related_cases(connection, asker, case_id, after=after, limit=limit + 1)
    page, further = pages.cut(found, limit, itemgetter("opened_at", "case_id"))
    return RelatedCases(related=[CaseItem.of(other) for other in page], next_cursor=further)


async def _conflicts(
    connection: Connection, asker: Viewer, case_id: UUID, cursor: str | None = None, limit: int = pages.LARGEST_PAGE
) -> Conflicts:
    after = pages.read_cursor(cursor, pages.instant, pages.uuid, pages.text)
    found = await queries.conflicts(connection, asker, case_id, after=after, limit=limit + 1)
    page, further = pages.cut(found, limit, itemgetter("since", "case_id", "kind"))
    return Conflicts(conflicts=[ConflictItem.model_validate(dict(one)) for one in page], next_cursor=further)


async def _units(
    connection: Connection, asker: Viewer, cvr: str, cursor: str | None = None, limit: int = pages.LARGEST_PAGE
) -> Units:
    after = pages.read_cursor(cursor, pages.text, pages.day)
    found = await queries.units(connection, asker, cvr, after=after, limit=limit + 1)
    page, further = pages.cut(found, limit, itemgetter("p_number", "effective_from"))
    return Units(units=[UnitItem.model_validate(dict(unit)) for unit in page], next_cursor=further)


async def _quarantines(
    connection: Connection,
    asker: Viewer,
    cvr: str,
    today: date,
    cursor: str | None = None,
    limit: int = pages.LARGEST_PAGE,
) -> Quarantines:
    after = pages.read_cursor(cursor, pages.instant_or_none, pages.number)
    found = await queries.quarantines(connection, asker, cvr, today=today, after=after, limit=limit + 1)
    page, further = pages.cut(found, limit, itemgetter("imposed_at", "nth"))
    told = [QuarantineItem.model_validate(dict(quarantine)) for quarantine in page]
    return Quarantines(quarantines=told, next_cursor=further)


def _today(request: Request) -> date:
    return local_day(request.app.state.clock.now())


async def _page(connection: Connection, asker: Viewer, asked: CaseFilter, cursor: str | None, limit: int) -> CaseList:
    after = pages.read_cursor(cursor, pages.instant, pages.uuid)
    found = await queries.list_cases(connection, asker, asked, after=after, limit=limit + 1)
    counts = await queries.count_cases(connection, asker, asked)
    page, further = pages.cut(found, limit, itemgetter("opened_at", "case_id"))
    return CaseList(
        cases=[CaseItem.of(row) for row in page],
        counts={Status(status): cases for status, cases in counts.items()},
        next_cursor=further,
    )
