"""What operators have done with the one view: folded again from all facts, or compared with such a fold."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.reporting.projection.errors import RebuildRuns
from services.reporting.projection.rebuild import compare, rebuild
from shared.eventstore.database import Connection, Database
from shared.http.access import Asker
from shared.http.errors import Problem
from shared.http.openapi import problems
from shared.http.tokens import Role
from shared.tasks import end_tasks

router = APIRouter(prefix="/v1/operations/reporting/view", tags=["operations"])
_log = structlog.get_logger()


class Work(StrEnum):
    """What is done with the view."""

    REBUILD = "rebuild"
    CHECK = "check"


class State(StrEnum):
    """How far it is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ViewWork(BaseModel):
    """A rebuild or a check of the view that this process was asked for."""

    work: Work
    state: State
    began_at: datetime
    ended_at: datetime | None = None
    facts: Annotated[int | None, Field(description="How many facts a rebuild has folded.")] = None
    differences: Annotated[
        list[str] | None,
        Field(description="What a check has found: rows by table and key, at most 100 of each table."),
    ] = None
    fault: Annotated[str | None, Field(description="The kind of fault; more is in the log.")] = None


class Upkeep:
    """Runs one rebuild or check at a time, and keeps the outcome of the last one.

    With many facts, it may take hours.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._running: asyncio.Task[None] | None = None
        self.last: ViewWork | None = None

    def begin(self, work: Work) -> ViewWork:
        """Begins the work, without waiting for its end. Raises RebuildRuns while this process still does other work."""
        if self._running is not None and not self._running.done():
            raise RebuildRuns("a rebuild or a comparison is already running")
        begun = self.last = ViewWork(work=work, state=State.RUNNING, began_at=datetime.now(UTC))
        self._running = asyncio.create_task(self._run(begun))
        return begun

    async def stop(self) -> None:
        """Stops the work together with the service.

        The next rebuild or check drops what was folded beside the live tables.
        """
        if self._running is not None:
            await end_tasks([self._running])

    async def _run(self, begun: ViewWork) -> None:
        steps: dict[Work, Callable[[Connection, ViewWork], Awaitable[None]]] = {
            Work.REBUILD: _rebuild,
            Work.CHECK: _check,
        }
        try:
            async with self._database.acquire() as connection:
                await steps[begun.work](connection, begun)
            begun.state = State.DONE
        except Exception as error:
            begun.state, begun.fault = State.FAILED, type(error).__name__
            _log.error("view_work_failed", work=begun.work.value, error=repr(error), exc_info=True)
        finally:
            begun.ended_at = datetime.now(UTC)


async def _rebuild(connection: Connection, begun: ViewWork) -> None:
    begun.facts = await rebuild(connection)


async def _check(connection: Connection, begun: ViewWork) -> None:
    begun.differences = await compare(connection)


@router.post("/rebuild", status_code=202, responses=problems(409))
async def begin_rebuild(request: Request, asker: Asker) -> ViewWork:
    """Folds all facts again beside the live tables, and switches to the result.

    Meanwhile, the view can be read and facts are processed.
    """
    return _begin(request, asker, Work.REBUILD)


@router.post("/check", status_code=202, responses=problems(409))
async def begin_check(request: Request, asker: Asker) -> ViewWork:
    """Folds all facts again beside the live tables, and names the live rows that differ. Changes nothing."""
    return _begin(request, asker, Work.CHECK)


@router.get("")
async def last_work(request: Request, asker: Asker) -> ViewWork | None:
    """Returns the last rebuild or check that this process was asked for since it started; null if there was none."""
    asker.require_role(Role.OPERATOR)
    upkeep: Upkeep = request.app.state.upkeep
    return upkeep.last


def _begin(request: Request, asker: Asker, work: Work) -> ViewWork:
    upkeep: Upkeep = request.app.state.upkeep
    try:
        return upkeep.begin(work)
    except RebuildRuns as error:
        raise Problem(409, "Already running", "a rebuild runs already: {why}", values={"why": str(error)}) from error
