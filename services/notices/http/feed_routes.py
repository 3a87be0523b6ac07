"""The feed of the company portal over HTTP: what companies were told, readable again from any position (R18, R29)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.notices.channels.portal_feed import no_position, read_after
from services.notices.rules.portal_entry import FeedEntry
from shared.http.access import Asker
from shared.http.problems import malformed
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["notices"])
LARGEST_PAGE = 1_000
_LARGEST_NUMBER = 2**53 - 1
"""Larger ones are not whole in every reader of JSON."""
After = Annotated[int, Query(ge=0, le=_LARGEST_NUMBER, description="`next_after` of the previous page; 0 at first.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Entries on a page, at most.")]


class FeedPage(BaseModel):
    """R29: entries in order."""

    entries: Annotated[Sequence[FeedEntry], Field(description="After the position that was asked for; may be none.")]
    next_after: Annotated[int, Field(description="Where the next page begins. Ask again later if there were none.")]


@router.get("/v1/notices/feed")
async def read_feed(request: Request, asker: Asker, after: After = 0, limit: Limit = 100) -> FeedPage:
    """Returns what companies were told, by codes and ids, for the portal (R29). A company reads its own cases only.

    Positions are those of the asker: they count what the asker may see and nothing else (R18). Nothing is skipped and
    nothing is removed, so that the feed can be read again from any position. After a restore of the service entries may
    come once more, under the same `entry_id` and higher positions.
    """
    asker.require_role(Role.PORTAL, Role.COMPANY)
    async with runtime_of(request).database.acquire() as connection:
        if after >= await no_position(connection):
            raise malformed("query.after", "the feed has no such position: read it again from 0")
        entries = await read_after(connection, after, limit, asker.cvr)
    return FeedPage(entries=entries, next_after=entries[-1].position if entries else after)
