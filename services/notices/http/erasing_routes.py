"""Operators' path that says which messages are copies of what is erased (R31). No personal data."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.notices.lookups.copies_of_messages import messages_about
from shared.http import pages
from shared.http.access import Asker
from shared.http.field_types import PersonParameter
from shared.http.problems import malformed
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["operations"])


class MessageCopy(BaseModel):
    """R31: a message that was sent, or may have been. Mailboxes may hold copies of it, and this service holds none."""

    message_id: Annotated[str, Field(description="As the header Message-ID has it, without brackets.")]


@router.get("/v1/operations/notices/messages", responses=pages.IN_PAGES)
async def list_messages(
    request: Request,
    response: Response,
    asker: Asker,
    case: Annotated[UUID | None, Query(description="Messages that told of this case.")] = None,
    person: Annotated[
        PersonParameter | None,
        Query(description="Messages that went to this person or name the person, by the id that facts contain."),
    ] = None,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[MessageCopy]:
    """Lists the messages whose copies belong to what is erased, so that a mail server can be searched for them (R31).

    Without a case every fact of the service is read. Also listed are messages that may have been sent: a process can
    end between sending and recording.
    """
    asker.require_role(Role.OPERATOR)
    if case is None and person is None:
        raise malformed("query.case", "a case, a person, or both are needed")
    found = await messages_about(runtime_of(request), case, person)
    last = pages.read_cursor(cursor, pages.text)
    page, further = pages.cut(pages.after(found, last, lambda one: (one,))[: limit + 1], limit, lambda one: (one,))
    pages.tell_next(response, further)
    return [MessageCopy(message_id=one) for one in page]
