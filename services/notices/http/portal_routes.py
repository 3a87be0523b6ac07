"""Operators' path to have the portal told again from a position. No personal data (R29)."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.notices.channels.portal_push import push_again_after
from shared.http.access import Asker
from shared.http.bodies import Body
from shared.http.problems import malformed
from shared.service import runtime_of

router = APIRouter(tags=["operations"])
_LARGEST_NUMBER = 2**53 - 1


class PushAgain(Body):
    """From where on the portal is told again."""

    after: Annotated[int, Field(ge=0, le=_LARGEST_NUMBER, description="The position in the feed; 0 for everything.")]


class PushedAgain(BaseModel):
    """How much the portal is told again."""

    entries: Annotated[int, Field(description="How many entries it had taken, and is told once more.")]


@router.post("/v1/operations/notices/portal/pushes", status_code=202)
async def push_again(body: PushAgain, request: Request, asker: Asker) -> PushedAgain:
    """Pushes what the portal has taken once more, in order, under the same ids, from a position on (R29).

    Nothing can be left out: a position beyond what the portal has taken is refused.
    """
    async with runtime_of(request).database.acquire() as connection:
        entries = await push_again_after(connection, body.after)
    if entries is None:
        raise malformed("body.after", "the portal has not taken that much yet: nothing is left out")
    return PushedAgain(entries=entries)
