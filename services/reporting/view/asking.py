"""Who asks reporting, about which period, and of which database."""

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime

from services.reporting.view.queries import Period
from shared.eventstore.database import Database
from shared.http.access import Viewer, viewer
from shared.http.tokens import Role


async def reader(asker: Annotated[Viewer, Depends(viewer)]) -> Viewer:
    """Who may read cases: the authority, and a company its own. The portal acts with a company's token."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER, Role.COMPANY)
    return asker


Reader = Annotated[Viewer, Depends(reader)]


async def period(
    opened_from: Annotated[AwareDatetime | None, Query(description="Cases opened at or after this instant.")] = None,
    opened_before: Annotated[AwareDatetime | None, Query(description="Cases opened before this instant.")] = None,
) -> Period:
    """The period of a table."""
    return Period(opened_from=opened_from, opened_before=opened_before)


def database(request: Request) -> Database:
    """Of the running service."""
    opened: Database = request.app.state.database
    return opened
