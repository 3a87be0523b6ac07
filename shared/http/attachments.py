"""The bytes of files that facts name: put once the fact stands, and read by whoever may know of the fact."""

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
from shared.http.access import Asker, Viewer
from shared.http.asked import InputLimits
from shared.http.commands import CommandGate
from shared.http.errors import Problem
from shared.http.openapi import READ, problems
from shared.http.problems import not_found, unavailable
from shared.http.tokens import Role

LARGEST = 25 * 1024 * 1024
_IN_MEMORY = 1024 * 1024
"""Sealed bytes of an upload that are not worth a file."""
_ANYTHING = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_BYTES: dict[str, Any] = {"content": {_ANYTHING: {"schema": {"type": "string", "format": "binary"}}}}

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="As the fact names the file.")]


@dataclass(frozen=True)
class Attachments:
    """Where the files that facts of a subject name are put and read, and the rule under which they are named."""

    prefix: str
    subject: Decider[Any, Any]
    rule: str


@dataclass(frozen=True)
class _Named:
    """A file as visible facts name it, more than once where it was told again, and the key of its case."""

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
    """`PUT` and `GET` of the files that facts of a subject name."""
    router = APIRouter(tags=["attachments"])
    path = f"{attachments.prefix}/{{agreement_id}}/attachments/{{sha256}}"

    @router.put(
        path,
        status_code=204,
        responses=problems(400, 404, 409, 410, 413),
        openapi_extra={**READ["openapi_extra"], "requestBody": {"required": True, **_BYTES}},
    )
    async def put_attachment(agreement_id: UUID, sha256: Sha256, request: Request, asker: Asker) -> Response:
        """Send the bytes of a file that a fact names, at most 25 MB; the same ones again change nothing."""
        asker.require_role(Role.COMPANY, Role.INSPECTOR, Role.SUPPORTER)
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
        """The file, for whoever may know of a fact that names it; gone once the key of its case is destroyed."""
        file = await _named(request, asker, attachments.subject, agreement_id, sha256)
        if file is None:
            raise not_found()
        async with _storage(request) as storage:
            sealed = await storage.open(agreement_id, sha256)
        if sealed is None:
            raise not_found()
        pieces = unsealed(file.key, file.about, sealed)
        first = await asyncio.to_thread(next, pieces)  # so that a file which does not open is an error, not a stump
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
    """R18: only what facts name that the asker may know of, else None. A file that a hidden fact names reads alike.

    Raises 404 where the asker may not know of the case, or 410 once the key is destroyed (R31).
    """
    gate: CommandGate = request.app.state.runtime.gate
    _, visible, _ = await gate.read(request, asker, subject, case)
    of_case = await private_keys.of_case(gate.database, case)
    references = [file for file in files_named(visible) if file.sha256 == sha256]
    if of_case.key is not None and references:
        return _Named(case, references, of_case.key)
    if of_case.was_erased:
        raise Problem(410, "Erased", "the files of this case were erased", rule="R31")
    return None


def files_named(visible: Iterable[Recorded]) -> Iterable[FileReference]:
    """The files that facts name, as far as their private parts were read."""
    for recorded in visible:
        for _, value in recorded.event:
            if isinstance(value, tuple):
                yield from (part for part in value if isinstance(part, FileReference))


async def _refuse_further_files(
    request: Request, storage: AttachmentStorage, case: UUID, sha256: str, rule: str
) -> None:
    """No more files of one case than the policy takes; one that is kept already may come again."""
    limits: InputLimits = request.app.state.input_limits
    same, kept = await storage.open(case, sha256), await storage.count(case)
    if same is not None:
        same.close()
    elif kept >= limits.now().attachments:
        raise Refused(rule, "{kept} files of this case are kept, and no more are taken", kept=kept)


async def _receive(request: Request, file: _Named, sealed: BinaryIO, rule: str) -> None:
    """Seal the body as it comes, and check that it is what a fact announced: as large, and with its hash."""
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
        raise Problem(400, "Broken off", "the sender went away before the file was whole") from error
    if size not in announced:
        counts = {"came": size, "announced": "/".join(map(str, sorted(announced)))}
        raise Problem(422, "Not valid", "{came} bytes came, and {announced} were announced", rule=rule, values=counts)
    if hashed.hexdigest() != file.sha256:
        raise Problem(422, "Not valid", "the bytes have another hash than the one announced", rule=rule)
    await asyncio.to_thread(sealing.end)


@asynccontextmanager
async def _storage(request: Request) -> AsyncIterator[AttachmentStorage]:
    """The storage of the service; a disk that fails is not a database that is away."""
    storage: AttachmentStorage = request.app.state.attachments
    try:
        yield storage
    except OSError as error:
        raise unavailable("the storage of attachments cannot be reached") from error
