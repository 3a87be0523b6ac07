"""What the OpenAPI document says beyond the routes' own signatures: conditional commands, problems, and tokens."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, Field

from shared.http import consistency
from shared.http.commands import CommandAnswer
from shared.http.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]
_FAULTS = {
    400: "A header or a cursor does not read, or the Idempotency-Key is missing",
    401: "No valid bearer token",
    403: "Not for this role",
    404: "Not known, or not the asker's to see",
    409: "A rule refuses (`rule` says which), or the Idempotency-Key was used for another request",
    412: "The case has changed since the version that If-Match names",
    410: "Erased for ever",
    413: "Larger than a fact, or a file, may be",
    422: "Not valid; `faults` names everything that is wrong",
    428: "A command that changes a case needs If-Match",
    503: "Worth trying again in a moment, with the same key; Retry-After says when",
}
_ETAG = {"description": "Version of the case, as far as the asker may know of it.", "schema": {"type": "string"}}
_TOKEN = {
    "description": "Carried to another service, it makes that one wait until it has seen what was recorded here.",
    "schema": {"type": "string"},
}


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    """The parameter or the field of the body, e.g. `body.topic`."""
    what: str
    rule: str | None = None


class ProblemBody(BaseModel):
    """An error as application/problem+json (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    rule: Annotated[str | None, Field(description="Id of the rule of the domain that refuses, e.g. `R6`.")] = None
    values: Annotated[dict[str, str], Field(description="The values that the rule's refusal names.")] = {}
    faults: Annotated[list[Fault], Field(description="All that is wrong with the request, at once.")] = []


def _header(name: str, description: str) -> dict[str, Any]:
    schema = {"anyOf": [{"type": "string"}, {"type": "null"}], "title": name}
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


# What the CommandGate reads of a request is only described here: declared in the routes, it would be read twice.
_SEEN_ELSEWHERE = _header(consistency.HEADER, "From the answer to a command of any service.")
_KEY = _header(
    "Idempotency-Key",
    "1 to 200 characters, needed on every command that is not a dry run: the same key and body get the same answer, "
    "and the command has its effect once.",
)
_VERSION = _header("If-Match", "Needed: the ETag of the version that was read, or `*` for any.")


async def _dry_run(
    dry_run: Annotated[
        Literal["true", "false"],
        Query(description="Record nothing, and say what would be recorded or which rule refuses."),
    ] = "false",
) -> None:
    """Refused here where it is written otherwise, together with all else that is wrong."""


def problems(*statuses: int) -> Responses:
    """The errors that a route can answer with."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        status: {"description": _FAULTS[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


EVERYWHERE = problems(401, 403, 422, 503)
"""What every route can answer with."""
SEEN: Responses = {200: {"headers": {"ETag": _ETAG}}, **problems(400, 404)}
"""Answers of routes that read a case."""
_RECORDED: Mapping[str, Any] = {
    "model": CommandAnswer,
    "headers": {"ETag": _ETAG, consistency.HEADER: _TOKEN},
}
READ: dict[str, Any] = {"openapi_extra": {"parameters": [_SEEN_ELSEWHERE]}}
"""For routes that read a case."""
CREATE: dict[str, Any] = {
    "status_code": 201,
    "openapi_extra": {"parameters": [_SEEN_ELSEWHERE, _KEY]},
    "dependencies": [Depends(_dry_run)],
    "responses": {200: {**_RECORDED, "description": "Dry run"}, 201: {**_RECORDED}, **problems(400, 409, 413)},
}
"""For commands that begin a case."""
CHANGE: dict[str, Any] = {
    "openapi_extra": {"parameters": [_SEEN_ELSEWHERE, _KEY, _VERSION]},
    "dependencies": [Depends(_dry_run)],
    "responses": {200: {**_RECORDED}, **problems(400, 404, 409, 412, 413, 428)},
}
"""For commands that change a case, and therefore need its version."""


def describe_problems(app: FastAPI) -> None:
    """Name the schema of problems in the document of an app; FastAPI adds only those that it answers itself."""
    without = app.openapi

    def document() -> dict[str, Any]:
        made = without()
        schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas |= schema.pop("$defs")
        schemas[ProblemBody.__name__] = schema
        return made

    app.openapi = document  # type: ignore[method-assign]
