"""Operators' path for erasing (R31): it destroys keys, so that nobody can ever read what was encrypted with them."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, model_validator

from shared.attachments.storage import AttachmentStorage
from shared.eventstore import private_keys
from shared.eventstore.database import Database
from shared.eventstore.personal_data_erasure import Erasures
from shared.http.access import Asker
from shared.http.bodies import Body, GivenText

router = APIRouter(tags=["operations"])


class Erasing(Body):
    """What is to be erased: a case, a person in a case, or a person in every case of the service."""

    case: UUID | None = None
    """All texts and files of this case, and everything private about everybody in it."""
    person: GivenText | None = None
    """The id of a person in facts; together with `case`, only what that case holds about the person."""

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.case is None and self.person is None:
            raise ValueError("a case, a person, or both are needed")
        return self


class ErasedPart(BaseModel):
    """The private parts of one case that are encrypted with one key."""

    case: UUID
    about: Annotated[str, Field(description="The id of a person; empty or `~2`, `~3` … for texts of the case itself.")]


class Erased(BaseModel):
    """What was erased, or would be in a dry run."""

    dry_run: bool
    parts: list[ErasedPart]
    files: int
    """Number of encrypted files that were removed; without their key nobody could read them any more."""


@router.post("/erasures")
async def erase(
    body: Erasing,
    request: Request,
    asker: Asker,
    dry_run: Annotated[bool, Query(description="Only say what would be erased.")] = False,
) -> Erased:
    """R31: erases private texts and files permanently; the history of facts stays complete.

    Repeated commands, restored backups and the one view cannot bring them back: none of them holds a private part
    without its key. What is written about the case later, such as why an open offer is withdrawn, is encrypted with a
    new key.
    """
    database: Database = request.app.state.database
    storage: AttachmentStorage = request.app.state.attachments
    erasures: Erasures = request.app.state.erasures
    found = await private_keys.existing(database, body.case, body.person)
    if not dry_run:
        await erasures.erase(database, found)
    files = 0
    if body.case is not None and body.person is None:  # also after an erasure that was interrupted
        files = await (storage.count(body.case) if dry_run else storage.remove(body.case))
    return Erased(dry_run=dry_run, parts=[ErasedPart(case=stream, about=about) for stream, about in found], files=files)
