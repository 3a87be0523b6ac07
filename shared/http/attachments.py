"""Routes for the bytes of files that facts name: sent after the fact, and read by whoever may know of the fact."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, cast
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from shared.attachments.sealing import Sealing, unsealed
from shared.attachments.storage import AttachmentStorage
from shared.contracts.vocabulary import FileReference
from shared.eventstore import private_keys
from shared.eventstore.decider import Decider
from shared.eventstore.errors import Refused
from shared.eventstore.events import Recorded
from shared.http.access import Asker, Viewer, operation_of
from shared.http.commands import CommandGate
from shared.http.errors import Problem
from shared.http.openapi import READ, problems
from shared.http.problems import not_found, unavailable
from shared.http.request_limits import InputLimits
from shared.http.who_may_act import is_command

LARGEST = 25 * 1024 * 1024
_IN_MEMORY = 1024 * 1024
"""Largest encrypted upload, in bytes, that is buffered in memory and not in a temporary file."""
_ANYTHING = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_BYTES: dict[str, Any] = {"content": {_ANYTHING: {"schema": {"type": "string", "format": "binary"}}}}

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="As the fact names the file.")]


@dataclass(frozen=True)
class Attachments:
    """The path below which the files of a subject's facts are sent and read, and the rule that their refusals name."""

    prefix: str
    subject: Decider[Any, Any]
    rule: str


@dataclass(frozen=True)
class _Named:
    """A file with all references to it in visible facts, which may name it more than once, and the key of its case."""

    case: UUID
    references: Sequence[FileReference]
    key: bytes

    @property
    def sha256(self) -> str:
        return self.references[0].sha256

    @property
    def about(self) -> bytes:
        return f"{self.case}/{self.sha256}".encode()


def attachment_routes(attachments: Attachments) -> APIRouter:
    """Builds the `PUT` and `GET` routes for the files that facts of a subject name."""
    router = APIRouter(tags=["attachments"])
    path = f"{attachments.prefix}/{{agreement_id}}/attachments/{{sha256}}"

    @router.put(
        path,
        status_code=204,
        responses=problems(400, 404, 409, 410, 413),
        openapi_extra={**READ["openapi_extra"], "requestBody": {"required": True, **_BYTES}},
    )
    async def put_attachment(agreement_id: UUID, sha256: Sha256, request: Request, asker: Asker) -> Response:
        """Stores the bytes of a file that a fact names, at most 25 MB; sending them again changes nothing."""
        file = await _named(request, asker, attachments.subject, agreement_id, sha256)
        if file is None:
            raise Problem(
                404,
                "Not found",
                "nothing in this case names a file with this hash: send what names it, then the file",
                rule=attachments.rule,
            )
        async with _storage(request) as storage:
            await _refuse_further_files(request, storage, agreement_id, sha256, attachments.rule)
            with SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
                sealed = cast(BinaryIO, spooled)
                await _receive(request, file, sealed, attachments.rule)
                sealed.seek(0)
                await storage.keep(agreement_id, sha256, sealed)
        return Response(status_code=204)

    @router.get(
        path,
        responses={200: {"description": "The file", **_BYTES}, **problems(400, 404, 410)},
        **READ,
        response_class=Response,
    )
    async def get_attachment(agreement_id: UUID, sha256: Sha256, request: Request, asker: Asker) -> Response:
        """Returns a file if the asker may know of a fact that names it; 410 once the key of its case is destroyed."""
        file = await _named(request, asker, attachments.subject, agreement_id, sha256)
        if file is None:
            raise not_found()
        async with _storage(request) as storage:
            sealed = await storage.open(agreement_id, sha256)
        if sealed is None:
            raise not_found()
        pieces = unsealed(file.key, file.about, sealed)
        first = await asyncio.to_thread(next, pieces)  # a file that cannot be decrypted is an error, not a short answer
        newest = file.references[-1]
        return StreamingResponse(
            chain([first], pieces),
            media_type=newest.media_type if _MEDIA_TYPE.fullmatch(newest.media_type) else _ANYTHING,
            headers={
                "Cache-Control": "no-store",  # no copy may outlive the key
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(newest.name, safe='')}",
                "X-Content-Type-Options": "nosniff",
            },
        )

    return router


async def _named(request: Request, asker: Viewer, subject: Decider[Any, Any], case: UUID, sha256: str) -> _Named | None:
    """R18: finds a file in facts that the asker may know of; None if only hidden facts name it, or none do.

    Raises Problem: 404 if the asker may not know of the case, 403 if it may not act there (R42), 410 if the key of the
    case was destroyed (R31).
    """
    runtime = request.app.state.runtime
    gate: CommandGate = runtime.gate
    state, visible, _ = await gate.read(request, asker, subject, case)
    if is_command(request.method):
        await gate.require_relation(operation_of(request), asker, subject.responsible(state), runtime.clock.now())
    of_case = await private_keys.of_case(gate.database, case)
    references = [file for file in files_named(visible) if file.sha256 == sha256]
    if of_case.key is not None and references:
        return _Named(case, references, of_case.key)
    if of_case.was_erased:
        raise Problem(410, "Erased", "the files of this case were erased", rule="R31")
    return None


def files_named(visible: Iterable[Recorded]) -> Iterable[FileReference]:
    """Yields the files that facts name, as far as the private parts of the facts could be read."""
    for recorded in visible:
        for _, value in recorded.event:
            if isinstance(value, tuple):
                yield from (part for part in value if isinstance(part, FileReference))


async def _refuse_further_files(
    request: Request, storage: AttachmentStorage, case: UUID, sha256: str, rule: str
) -> None:
    """Raises Refused if the case has as many files as the policy allows; a stored file may be sent again."""
    limits: InputLimits = request.app.state.input_limits
    same, kept = await storage.open(case, sha256), await storage.count(case)
    if same is not None:
        same.close()
    elif kept >= limits.in_force().attachments:
        raise Refused(rule, "{kept} files of this case are kept, and no more are taken", kept=kept)


async def _receive(request: Request, file: _Named, sealed: BinaryIO, rule: str) -> None:
    """Encrypts the body while it is received, and compares it with the size and hash in the fact. Raises Problem."""
    announced = {reference.size_bytes for reference in file.references}
    if min(announced) > LARGEST:
        raise Problem(413, "Too large", "a file may have at most {bytes} bytes", values={"bytes": LARGEST})
    sealing, hashed, size = Sealing(file.key, file.about, sealed), hashlib.sha256(), 0

    def take(content: bytes) -> None:
        hashed.update(content)
        sealing.add(content)

    try:
        async for content in request.stream():
            size += len(content)
            if size > min(max(announced), LARGEST):
                told = {"announced": max(announced)}
                raise Problem(422, "Not valid", "more bytes than the {announced} announced", rule=rule, values=told)
            await asyncio.to_thread(take, content)
    except ClientDisconnect as error:
        raise Problem(400, "Broken off", "the sender disconnected before the file was complete") from error
    if size not in announced:
        counts = {"came": size, "announced": "/".join(map(str, sorted(announced)))}
        raise Problem(422, "Not valid", "{came} bytes came, and {announced} were announced", rule=rule, values=counts)
    if hashed.hexdigest() != file.sha256:
        raise Problem(422, "Not valid", "the bytes have another hash than the one announced", rule=rule)
    await asyncio.to_thread(sealing.end)


@asynccontextmanager
async def _storage(request: Request) -> AsyncIterator[AttachmentStorage]:
    """Opens the storage of the service. Raises Problem (503) if its disk fails, which is no failure of the database."""
    storage: AttachmentStorage = request.app.state.attachments
    try:
        yield storage
    except OSError as error:
        raise unavailable("the storage of attachments cannot be reached") from error
