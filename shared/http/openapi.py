"""Completes the OpenAPI document with what route signatures do not show: conditional commands, problems and tokens."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, WithJsonSchema

from shared.http import consistency
from shared.http.commands import CommandAnswer
from shared.http.described_properties import describe
from shared.http.errors import MEDIA_TYPE
from shared.http.list_bounds import tell_bounds

Responses = dict[int | str, dict[str, Any]]
_FAULTS = {
    400: "A header cannot be read or is given twice, or the Idempotency-Key is missing",
    401: "No valid bearer token",
    403: "Not for this role",
    404: "Not found, or the asker has no access",
    408: "The headers or the body were not received in time",
    409: "A rule refuses (`rule` says which), or the Idempotency-Key was used for another request",
    412: "The case has changed since the version that If-Match names",
    410: "Erased permanently",
    413: "Larger than a request, a fact or a file may be",
    422: "Not valid; `faults` names everything that is wrong",
    431: "The path and the headers are larger than they may be",
    500: "A fault of ours; it is logged",
    428: "A command that changes a case needs If-Match",
    503: "Worth trying again in a moment, with the same key; Retry-After says when",
}
_ETAG = {"description": "Version of the case, as far as the asker may know of it.", "schema": {"type": "string"}}
_TOKEN = {
    "description": "Sent to another service, it makes that service wait until it has received what was recorded here.",
    "schema": {"type": "string"},
}


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    """The parameter or the field of the body, e.g. `body.topic`; `rule` if a rule refuses the whole command."""
    what: Annotated[str, Field(description="What is wrong, in the language that Accept-Language prefers.")]
    rule: str | None = None
    values: Annotated[dict[str, str], Field(description="The values that the sentence names.")] = {}


class ProblemBody(BaseModel):
    """An error as application/problem+json (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    rule: Annotated[str | None, Field(description="Id of the rule of the domain that refuses, e.g. `R6`.")] = None
    values: Annotated[dict[str, str], Field(description="The values that the rule's refusal names.")] = {}
    faults: Annotated[list[Fault], Field(description="All that is wrong with the request, at once.")] = []


def _header(name: str, description: str, *, example: str, required: bool = False) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": name}
    schema |= {"type": "string"} if required else {"anyOf": [{"type": "string"}, {"type": "null"}]}
    return {
        "name": name,
        "in": "header",
        "required": required,
        "schema": schema,
        "description": description,
        "example": example,
    }


# What the CommandGate reads of a request is only described here: declared in the routes, it would be read twice.
_SEEN_ELSEWHERE = _header(
    consistency.HEADER, "From the answer to a command of any service.", example="4kq0Zx8m_as-it-was-answered"
)
_KEY = _header(
    "Idempotency-Key",
    "1 to 200 characters: the same key and body get the same answer, and the command has its effect once. A dry run "
    "stores none.",
    example="6f0c7d3e-3d3c-4f53-9a55-5f0d3d1b8b57",
    required=True,
)
_VERSION = _header("If-Match", "The ETag of the version that was read, or `*` for any.", example='"3"', required=True)


async def _dry_run(
    dry_run: Annotated[
        Literal["true", "false"],
        Query(description="Record nothing, and say what would be recorded or which rule refuses."),
        WithJsonSchema({"type": "boolean", "title": "Dry Run"}),
    ] = "false",
) -> None:
    """Route dependency: refuses any other value of `dry_run`, together with all other errors of the request."""


def problems(*statuses: int) -> Responses:
    """Returns the OpenAPI responses for the errors that a route can answer with."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        status: {"description": _FAULTS[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


EVERYWHERE = problems(400, 401, 403, 408, 413, 422, 431, 500, 503)
"""Errors that every route can answer with."""
SEEN: Responses = {200: {"headers": {"ETag": _ETAG}}, **problems(400, 404)}
"""OpenAPI responses of routes that read a case."""
_RECORDED: Mapping[str, Any] = {
    "model": CommandAnswer,
    "headers": {"ETag": _ETAG, consistency.HEADER: _TOKEN},
}
READ: dict[str, Any] = {"openapi_extra": {"parameters": [_SEEN_ELSEWHERE]}}
"""Arguments of routes that read a case."""
CREATE: dict[str, Any] = {
    "status_code": 201,
    "openapi_extra": {"parameters": [_SEEN_ELSEWHERE, _KEY]},
    "dependencies": [Depends(_dry_run)],
    "responses": {200: {**_RECORDED, "description": "Dry run"}, 201: {**_RECORDED}, **problems(400, 409, 413)},
}
"""Arguments of routes for commands that begin a case."""
CHANGE: dict[str, Any] = {
    "openapi_extra": {"parameters": [_SEEN_ELSEWHERE, _KEY, _VERSION]},
    "dependencies": [Depends(_dry_run)],
    "responses": {200: {**_RECORDED}, **problems(400, 404, 409, 412, 413, 428)},
}
"""Arguments of routes for commands that change a case, and therefore need its version."""

CHANGE_OF_SEVERAL: dict[str, Any] = {
    "openapi_extra": {"parameters": [_SEEN_ELSEWHERE, _KEY]},
    "dependencies": [Depends(_dry_run)],
    "responses": problems(400, 404, 409, 413),
}
"""Arguments of routes for commands on several cases, which name no version of any."""
PUT: dict[str, Any] = {
    "openapi_extra": {"parameters": [_SEEN_ELSEWHERE, _KEY, {**_VERSION, "required": False}]},
    "dependencies": [Depends(_dry_run)],
    "responses": {
        200: {**_RECORDED, "description": "Changed, or said again; or a dry run"},
        201: {**_RECORDED},
        **problems(400, 404, 409, 412, 413, 428),
    },
}
"""Arguments of routes for commands that begin something, or change it and then need its version."""


def operation_id(route: APIRoute) -> str:
    """Returns the name of a route's function: it is short, and stays the same if the path changes."""
    return route.name


def complete(app: FastAPI) -> None:
    """Completes and corrects the OpenAPI document that FastAPI makes of an app.

    FastAPI names the schema of problems only where it answers them itself, repeats the tags of nested routers, and
    writes the default of a boolean as text.
    """
    without = app.openapi

    def document() -> dict[str, Any]:
        made = without()
        schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas |= schema.pop("$defs")
        schemas[ProblemBody.__name__] = schema
        describe(schemas)
        tell_bounds(schemas)
        for operations in made["paths"].values():
            for operation in operations.values():
                operation["tags"] = operation["tags"][-1:]
                for parameter in operation.get("parameters", ()):
                    if parameter["schema"].get("type") == "boolean":
                        parameter["schema"]["default"] = parameter["schema"].get("default") in (True, "true")
        return made

    app.openapi = document  # type: ignore[method-assign]
