"""Answers errors as application/problem+json (RFC 9457): rule ids, all errors at once, in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.eventstore.database import DATABASE_AWAY
from shared.eventstore.errors import (
    EventTooLarge,
    KeyDestroyed,
    NameReserved,
    Refused,
    StaleVersion,
    StoreUnavailable,
    VersionMismatch,
)
from shared.eventstore.events import MAX_EVENT_BYTES
from shared.http.errors import BY_RULE, FieldError, Problem, RefusedByRules
from shared.http.rule_checks_of_invalid_bodies import rule_refusals_despite_invalid_fields
from shared.messaging.errors import SourceUnreachable
from shared.policy.errors import PolicyError
from shared.refusals.sentences import Sentence

RETRY_AFTER_SECONDS = 1


def unavailable(detail: str, *, rule: str | None = None, **values: Any) -> Problem:
    """Returns a 503: the client may try again in a moment."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Problem(503, "Unavailable for now", detail, rule=rule, headers=headers, values=values)


def not_found() -> Problem:
    """Returns a 404, with the same text for a case that is unknown, hidden from the asker, or not received here yet."""
    return Problem(404, "Not found", "not found, or you have no access to it; if it is new, try again in a moment")


def malformed(where: str, what: str, **values: Any) -> Problem:
    """Returns a 422 for a part of the request that only the route itself can check."""
    return not_valid([FieldError(where, Sentence(what, values))])


def not_valid(faults: Sequence[FieldError]) -> Problem:
    """Returns a 422 with everything that is wrong with the form of a request."""
    if len(faults) == 1:
        return Problem(422, "Not valid", "one fault in the request", faults=faults)
    told = {"faults": len(faults)}
    return Problem(422, "Not valid", "{faults} faults in the request", faults=faults, values=told)


def forbidden(detail: str, *, rule: str | None = None, **values: Any) -> Problem:
    """Returns a 403: the asker is known, but has the wrong role, or lacks what connects it to the case."""
    return Problem(403, "Not allowed", detail, rule=rule, values=values)


def not_routed(status: int, method: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Returns the problem for what the framework refuses before it calls a route.

    The path is not repeated: it can hold a secret, such as the address of a calendar feed.
    """
    told = {"method": method}
    if status == 404:
        return Problem(status, "Not found", "there is nothing at this path", headers=headers)
    if status == 405:
        return Problem(status, "No such method", "this path does not take {method}", values=told, headers=headers)
    if status >= 500:
        detail = "the request ({method}) cannot be answered"
        return Problem(status, "A fault of ours", detail, values=told, headers=headers)
    detail = "the request ({method}) cannot be read as it was sent"
    return Problem(status, "Not valid", detail, values=told, headers=headers)


def install(app: FastAPI) -> None:
    """Registers handlers that turn every error of an app into a problem."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return error.response(_asked(request))

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return RefusedByRules(error).response(_asked(request))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [_fault(found) for found in error.errors()]
        faults += [_fault_of_rule(refusal) for refusal in await rule_refusals_despite_invalid_fields(request, error)]
        return not_valid(faults).response(_asked(request))

    async def database_away(request: Request, error: Exception) -> Response:
        return unavailable("the database cannot be reached; nothing is lost, try again with the same key").response(
            _asked(request)
        )

    app.add_exception_handler(StoreUnavailable, database_away)

    for away in DATABASE_AWAY:
        app.add_exception_handler(away, database_away)

    @app.exception_handler(asyncpg.DataError)
    @app.exception_handler(OverflowError)
    async def out_of_range(request: Request, error: Exception) -> Response:
        return Problem(422, "Not valid", "a value in the request is out of range, or holds a NUL character").response(
            _asked(request)
        )

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        return Problem(500, "A fault of ours", "the request was not carried out; the fault is logged").response(
            _asked(request)
        )

    @app.exception_handler(PolicyError)
    async def no_policy(request: Request, error: PolicyError) -> Response:
        told = {"why": str(error)}
        return Problem(422, "Not valid", "the policy cannot be used: {why}", values=told).response(_asked(request))

    @app.exception_handler(VersionMismatch)
    @app.exception_handler(NameReserved)
    @app.exception_handler(StaleVersion)
    async def contended(request: Request, error: Exception) -> Response:
        return unavailable("others changed the same case at the same moment; try again").response(_asked(request))

    @app.exception_handler(SourceUnreachable)
    async def source_away(request: Request, error: SourceUnreachable) -> Response:
        return unavailable("a source cannot be asked now: {why}", why=str(error)).response(_asked(request))

    @app.exception_handler(EventTooLarge)
    async def too_large(request: Request, error: EventTooLarge) -> Response:
        detail = "one fact would have more than {bytes} bytes"
        return Problem(413, "Too large", detail, values={"bytes": MAX_EVENT_BYTES}).response(_asked(request))

    @app.exception_handler(KeyDestroyed)
    async def erased(request: Request, error: KeyDestroyed) -> Response:
        detail = "what this needs was erased: its key was destroyed"
        return Problem(409, "Erased", detail, rule="R31").response(_asked(request))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        problem = not_routed(error.status_code, request.method, error.headers)
        return problem.response(_asked(request))


def _asked(request: Request) -> str | None:
    return request.headers.get("Accept-Language")


def _fault_of_rule(refusal: Mapping[str, Any]) -> FieldError:
    """Returns the refusal of a dry run, which is in the reader's language already."""
    return FieldError(BY_RULE, Sentence(refusal["what"], refusal.get("values", {})), refusal["rule"])


def _fault(found: Mapping[str, Any]) -> FieldError:
    context = found.get("ctx") or {}
    where = ".".join(str(part) for part in found["loc"])
    return FieldError(where, Sentence(found["msg"], context), context.get("rule"), kind=found["type"])
