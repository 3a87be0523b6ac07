"""Operators' path to have told what was given up. No personal data (R29)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.notices.lookups.given_up import cases_given_up
from services.notices.rules.case_decider import NOTICES, ReopenMatters
from shared.eventstore.commands import Intent
from shared.http.access import Asker
from shared.http.bodies import Body
from shared.http.commands_of_operators import carried_out
from shared.service import runtime_of

router = APIRouter(tags=["operations"])
PAGE = 200
"""Cases that one request looks at, at most."""


class TellAgain(Body):
    """Of which case, or which page of cases, matters are told that were given up."""

    case: Annotated[UUID | None, Field(description="Only this one, by the id of its agreement.")] = None
    cursor: Annotated[UUID | None, Field(description="`next_cursor` of the previous page.")] = None


class ReopenedCase(BaseModel):
    """A case of which matters are told again, or would be."""

    case: Annotated[UUID, Field(description="The case, by the id of its agreement.")]
    matters: Annotated[int, Field(description="How many.")]


class ReopenedCases(BaseModel):
    """The result for a page of cases."""

    dry_run: Annotated[bool, Field(description="Whether nothing was recorded.")]
    reopened: Annotated[list[ReopenedCase], Field(description="The cases of which matters are told again.")]
    next_cursor: Annotated[UUID | None, Field(description="Continues with the next page; null on the last.")] = None


@router.post("/v1/operations/notices/reopenings")
async def tell_again(
    body: TellAgain,
    request: Request,
    asker: Asker,
    dry_run: Annotated[bool, Query(description="Only say which cases have such matters.")] = False,
) -> ReopenedCases:
    """Has matters told that were given up because nobody could be reached, as after a mail server was away (R29).

    Each is tried anew for as long as the policy says. What is settled or pointless meanwhile is not told, and what was
    in doubt is left as it is. It can be repeated: what is being told is not given up any more.
    """
    runtime = runtime_of(request)
    cases = [body.case] if body.case is not None else await cases_given_up(runtime.database, body.cursor, PAGE)
    now = runtime.clock.now()
    command = ReopenMatters(now, runtime.policies.at(now), asker.subject)
    reopened = []
    for case in cases:
        facts = await carried_out(runtime.store, Intent(NOTICES, case, command), dry_run=dry_run)
        if facts:
            reopened.append(ReopenedCase(case=case, matters=len(facts)))
    further = body.case is None and len(cases) == PAGE
    return ReopenedCases(dry_run=dry_run, reopened=reopened, next_cursor=cases[-1] if further else None)
