"""Errors as application/problem+json (RFC 9457), with the rule's id and all faults at once."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.eventstore.commands import VersionMismatch
from shared.eventstore.database import DATABASE_AWAY
from shared.eventstore.decider import Refused
from shared.eventstore.event_store import EventTooLarge, NameReserved, StaleVersion, StoreUnavailable
from shared.eventstore.private_keys import KeyDestroyed
from shared.messaging.passing_faults import SourceUnreachable
from shared.policy.policies import PolicyError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1


class Problem(Exception):
    """An answer that is an error. `faults` name what is wrong and where, all at once."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        rule: str | None = None,
        faults: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **values}
        if rule is not None:
            self.body["rule"] = rule
        if faults:
            self.body["faults"] = list(faults)

    def response(self) -> Response:
        """As it goes out."""
        content = json.dumps(self.body, default=str, ensure_ascii=False)
        return Response(content, self.status, self.headers, media_type=MEDIA_TYPE)


def unavailable(detail: str, **values: Any) -> Problem:
    """503: worth trying again in a moment."""
    return Problem(503, "Unavailable for now", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}, **values)


def not_found(what: str) -> Problem:
    """404, also for what the asker may not know of."""
    return Problem(404, "Not found", f"{what} is not known, or not yours to see")


def malformed(where: str, what: str) -> Problem:
    """422: a part of the request that only the route itself can read."""
    return Problem(422, "Not valid", _counted(1), faults=[{"where": where, "what": what}])


def forbidden(detail: str) -> Problem:
    """403: known, but not for this role."""
    return Problem(403, "Not allowed", detail)


def from_refusal(refusal: Refused) -> Problem:
    """409: a rule refuses; says which, and with what values."""
    values = {name: str(value) for name, value in refusal.values.items()}
    return Problem(409, "Refused by a rule", refusal.detail, rule=refusal.rule, values=values)


def install(app: FastAPI) -> None:
    """Let every error of an app be a problem."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return from_refusal(error).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        faults = [_fault(found) for found in error.errors()]
        return Problem(422, "Not valid", _counted(len(faults)), faults=faults).response()

    async def database_away(_: Request, error: Exception) -> Response:
        return unavailable("the database cannot be reached; nothing is lost, try again with the same key").response()

    app.add_exception_handler(StoreUnavailable, database_away)

    for away in DATABASE_AWAY:
        app.add_exception_handler(away, database_away)

    @app.exception_handler(asyncpg.DataError)
    @app.exception_handler(OverflowError)
    async def out_of_range(_: Request, error: Exception) -> Response:
        return Problem(422, "Not valid", "a value in the request is out of range, or holds a NUL character").response()

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        return Problem(500, "A fault of ours", "the request was not carried out; the fault is logged").response()

    @app.exception_handler(PolicyError)
    async def no_policy(_: Request, error: PolicyError) -> Response:
        return Problem(422, "Not valid", str(error)).response()

    @app.exception_handler(VersionMismatch)
    @app.exception_handler(NameReserved)
    @app.exception_handler(StaleVersion)
    async def contended(_: Request, error: Exception) -> Response:
        return unavailable("others changed the same case at the same moment; try again").response()

    @app.exception_handler(SourceUnreachable)
    async def source_away(_: Request, error: SourceUnreachable) -> Response:
        return unavailable(str(error)).response()

    @app.exception_handler(EventTooLarge)
    async def too_large(_: Request, error: EventTooLarge) -> Response:
        return Problem(413, "Too large", str(error)).response()

    @app.exception_handler(KeyDestroyed)
    async def erased(_: Request, error: KeyDestroyed) -> Response:
        return Problem(409, "Erased", str(error), rule="R31").response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return Problem(
            error.status_code, str(error.detail), f"{request.method} {request.url.path}", headers=error.headers
        ).response()


def _counted(faults: int) -> str:
    return "one fault in the request" if faults == 1 else f"{faults} faults in the request"


def _fault(found: Mapping[str, Any]) -> dict[str, Any]:
    fault = {"where": ".".join(str(part) for part in found["loc"]), "what": found["msg"]}
    rule = (found.get("ctx") or {}).get("rule")
    return {**fault, "rule": rule} if rule else fault
