"""The bytes of files that facts refer to, by the hash that the fact names: put once, read through the same filter."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from shared.attachments.storage import AttachmentStorage
from shared.contracts.vocabulary import FileReference
from shared.http.access import Asker, Viewer, seen
from shared.http.openapi import problems
from shared.http.problems import Problem, not_found
from shared.http.tokens import Role
from shared.kernel import private_keys
from shared.kernel.database import Database
from shared.kernel.decider import Decider
from shared.kernel.event_store import EventStore
from shared.kernel.events import Event

LARGEST = 25 * 1024 * 1024
Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


def attachment_routes(prefix: str, decider: Decider[Any, Any]) -> APIRouter:
    """`PUT` and `GET` of the files that facts of a subject name."""
    router = APIRouter(tags=["attachments"])

    @router.put(
        f"{prefix}/{{case_id}}/attachments/{{sha256}}",
        status_code=204,
        responses=problems(404, 413),
        response_class=Response,
    )
    async def put_attachment(case_id: UUID, sha256: Sha256, request: Request, asker: Asker) -> Response:
        """Send the bytes of a file that a fact names; the same ones again change nothing (R16)."""
        asker.require_role(Role.COMPANY, Role.INSPECTOR, Role.SUPPORTER)
        file = await _named(request, asker, decider, case_id, sha256)
        content = await _received(request, file)
        keys = await private_keys.of_stream(_database(request), case_id)
        await _storage(request).keep(case_id, sha256, private_keys.seal_bytes(keys[""], content))
        return Response(status_code=204)

    @router.get(f"{prefix}/{{case_id}}/attachments/{{sha256}}", responses=problems(404), response_class=Response)
    async def get_attachment(case_id: UUID, sha256: Sha256, request: Request, asker: Asker) -> Response:
        """The file, for whoever may know of the fact that names it."""
        file = await _named(request, asker, decider, case_id, sha256)
        sealed = await _storage(request).read(case_id, sha256)
        if sealed is None:
            raise not_found(f"the content of {sha256}")
        keys = await private_keys.of_stream(_database(request), case_id)
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        content = private_keys.unseal_bytes(keys[""], sealed)
        return Response(content, headers=headers, media_type=file.media_type)

    return router


async def _named(
    request: Request, asker: Viewer, decider: Decider[Any, Any], case_id: UUID, sha256: str
) -> FileReference:
    """The reference in a fact that the asker may know of; 404 without one, also once its key is destroyed (R31)."""
    store: EventStore = request.app.state.runtime.store
    loaded = await store.load(case_id, readable=True)
    state = decider.fold([recorded.event for recorded in loaded.events])
    what = f"file {sha256} of case {case_id}"
    if not loaded.events:
        raise not_found(what)
    asker.require_company(decider.concerns(state).get("cvr"), what)
    for file in _files(recorded.event for recorded in seen(asker, loaded.events)):
        if file.sha256 == sha256:
            return file
    raise not_found(what)


def _files(events: Iterable[Event]) -> Iterable[FileReference]:
    for event in events:
        for name in ("photos", "files"):
            yield from getattr(event, name, None) or ()


async def _received(request: Request, file: FileReference) -> bytes:
    """The body, as large as the fact says and with its hash."""
    if file.size_bytes > LARGEST:
        raise Problem(413, "Too large", f"{file.sha256} has more than {LARGEST} bytes")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > file.size_bytes:
            raise Problem(422, "Not valid", f"more than the {file.size_bytes} bytes that were announced", rule="R16")
    if len(content) != file.size_bytes or hashlib.sha256(content).hexdigest() != file.sha256:
        raise Problem(422, "Not valid", "the bytes are not those that were announced: size or hash differ", rule="R16")
    return bytes(content)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _storage(request: Request) -> AttachmentStorage:
    storage: AttachmentStorage = request.app.state.attachments
    return storage
