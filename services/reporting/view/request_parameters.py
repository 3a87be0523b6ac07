"""Who asks reporting, about which period, and of which database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Query, Request

from services.reporting.cases.known_facts import VISIBILITY
from services.reporting.view.queries import Period
from shared.eventstore.database import Connection, Database
from shared.http.access import AUTHORITY, Viewer, viewer
from shared.http.errors import FieldError, Problem
from shared.http.field_types import IsoInstant
from shared.http.problems import unavailable
from shared.http.tokens import Role
from shared.refusals.sentences import Sentence


async def reader(asker: Annotated[Viewer, Depends(viewer)]) -> Viewer:
    """Route dependency: returns the sender, who may read cases: the authority all, a company its own."""
    asker.require_role(*AUTHORITY, Role.COMPANY)
    return asker


_AS_TODAY = """
select position = 0 or coalesce(visibility = $1 and companies_state = state, false) from checkpoint
"""
_ONLY_NOW = "this figure is kept as it is known today"
Reader = Annotated[Viewer, Depends(reader)]


async def period(
    opened_from: Annotated[IsoInstant | None, Query(description="Cases opened at or after this instant.")] = None,
    opened_before: Annotated[IsoInstant | None, Query(description="Cases opened before this instant.")] = None,
) -> Period:
    """Route dependency: returns the period of a table."""
    return Period(opened_from=opened_from, opened_before=opened_before)


async def as_known_now(
    held_at: Annotated[IsoInstant | None, Query(description=f"Refused: {_ONLY_NOW}.")] = None,
    known_at: Annotated[IsoInstant | None, Query(description=f"Refused: {_ONLY_NOW}.")] = None,
) -> None:
    """R26: refuses another time than now (422) for a figure that is only kept as it is known today."""
    asked = {"held_at": held_at, "known_at": known_at}
    faults = [
        FieldError(
            f"query.{name}", Sentence("this figure is kept as it is known today, and cannot be asked of the past")
        )
        for name, instant in asked.items()
        if instant is not None
    ]
    if faults:
        raise Problem(
            422,
            "Not valid",
            "this figure is kept as it is known today, and cannot be asked of the past",
            rule="R26",
            faults=faults,
        )


async def is_as_today(connection: Connection) -> bool:
    """R18: returns whether all that companies are shown follows this release's rules of visibility."""
    as_today: bool = await connection.fetchval(_AS_TODAY, VISIBILITY)
    return as_today


@asynccontextmanager
async def reading(request: Request, asker: Viewer) -> AsyncIterator[Connection]:
    """Yields a connection for one question. Answers 503 to a company until all it is shown follows today's rules (R18).

    A company's whole answer is of one moment: a process of another release may write at any other.
    """
    async with database(request).acquire() as connection:
        if asker.audience == "authority":
            yield connection
            return
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if not await is_as_today(connection):
                raise unavailable("what companies see is being made anew after an upgrade", rule="R18")
            yield connection


def database(request: Request) -> Database:
    """Returns the database of the running service."""
    opened: Database = request.app.state.database
    return opened
