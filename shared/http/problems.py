"""Errors as application/problem+json (RFC 9457): the rule's id, all faults at once, in the reader's language."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.deadlines.in_words import Language
from shared.eventstore.commands import VersionMismatch
from shared.eventstore.database import DATABASE_AWAY
from shared.eventstore.decider import Refused
from shared.eventstore.errors import EventTooLarge, NameReserved, StaleVersion, StoreUnavailable
from shared.eventstore.events import MAX_EVENT_BYTES
from shared.eventstore.private_keys import KeyDestroyed
from shared.http.rules_beside_faults import refused_whatever_is_meant
from shared.messaging.passing_faults import SourceUnreachable
from shared.policy.policies import PolicyError
from shared.refusals.language import language_of
from shared.refusals.sentences import Sentence, fault_in_danish

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
BY_RULE = "rule"
"""Where a fault lies that is none of a single field: a rule of the domain refuses the command as a whole."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, and in which words."""

    where: str
    what: Sentence
    rule: str | None = None
    kind: str | None = None
    """Of a fault that validation found, which says it in English itself."""

    def told(self, language: Language) -> dict[str, Any]:
        """As it stands in the body of a problem."""
        if self.kind is None:
            what = self.what.in_language(language)
        else:
            what = fault_in_danish(self.kind, self.what.values) if language == "da" else self.what.text
        fault: dict[str, Any] = {"where": self.where, "what": what}
        if self.rule is not None:
            fault["rule"] = self.rule
        if self.kind is None and self.what.values:
            fault["values"] = _as_text(self.what.values)
        return fault


class Problem(Exception):
    """An answer that is an error. `faults` name what is wrong and where, all at once.

    Title and detail are texts of shared/refusals; the detail's places are filled from `values`.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        rule: str | None = None,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.title = title
        self.detail = Sentence(detail, values or {})
        self.rule = rule
        self.faults = faults

    def body(self, language: Language) -> dict[str, Any]:
        """In the language of whoever reads it."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": Sentence(self.title).in_language(language),
            "status": self.status,
            "detail": self.said(language),
        }
        if self.detail.values:
            body["values"] = _as_text(self.detail.values)
        if self.rule is not None:
            body["rule"] = self.rule
        if self.faults:
            body["faults"] = [fault.told(language) for fault in self.faults]
        return body

    def body_in_both(self) -> dict[str, Any]:
        """For a reader of whom nothing is known yet: Danish first."""
        danish, english = self.body("da"), self.body("en")
        title, detail = (f"{danish[name]} / {english[name]}" for name in ("title", "detail"))
        return {**english, "title": title, "detail": detail}

    def said(self, language: Language) -> str:
        """The sentence that stands for the whole."""
        return self.detail.in_language(language)

    def response(self, accept_language: str | None) -> Response:
        """As it goes out, in the language that the request prefers."""
        language = language_of(accept_language)
        content = json.dumps(self.body(language), default=str, ensure_ascii=False)
        headers = {"Content-Language": language, "Vary": "Accept-Language", **self.headers}
        return Response(content, self.status, headers, media_type=MEDIA_TYPE)


class RefusedByRules(Problem):
    """409: everything that the rules refuse in one command."""

    def __init__(self, refusal: Refused) -> None:
        faults = [Fault(BY_RULE, Sentence(one.reason, one.values), rule=one.rule) for one in refusal.every_fault]
        super().__init__(
            409, "Refused by a rule", refusal.reason, rule=refusal.rule, faults=faults, values=refusal.values
        )

    def said(self, language: Language) -> str:
        """Every refusal, one sentence after the other."""
        return " ".join(fault.what.in_language(language) for fault in self.faults)


def unavailable(detail: str, *, rule: str | None = None, **values: Any) -> Problem:
    """503: worth trying again in a moment."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Problem(503, "Unavailable for now", detail, rule=rule, headers=headers, values=values)


def not_found() -> Problem:
    """404, also for what the asker may not know of, and for what is still on its way: they read alike."""
    return Problem(404, "Not found", "it is not known here, or not yours to see; it may be on its way")


def malformed(where: str, what: str, **values: Any) -> Problem:
    """422: a part of the request that only the route itself can read."""
    return not_valid([Fault(where, Sentence(what, values))])


def not_valid(faults: Sequence[Fault]) -> Problem:
    """422: everything that is wrong with the form of a request."""
    if len(faults) == 1:
        return Problem(422, "Not valid", "one fault in the request", faults=faults)
    told = {"faults": len(faults)}
    return Problem(422, "Not valid", "{faults} faults in the request", faults=faults, values=told)


def forbidden(detail: str, **values: Any) -> Problem:
    """403: known, but not for this role."""
    return Problem(403, "Not allowed", detail, values=values)


def not_routed(status: int, method: str, path: str, headers: Mapping[str, str] | None = None) -> Problem:
    """What the framework refuses before a route of ours is asked."""
    told = {"method": method, "path": path}
    if status == 404:
        return Problem(status, "Not found", "there is nothing at {path}", values=told, headers=headers)
    if status == 405:
        return Problem(status, "No such method", "{path} does not take {method}", values=told, headers=headers)
    if status >= 500:
        return Problem(status, "A fault of ours", "{method} {path} cannot be answered", values=told, headers=headers)
    return Problem(status, "Not valid", "{method} {path} cannot be read as it was sent", values=told, headers=headers)


def _as_text(values: Mapping[str, Any]) -> dict[str, str]:
    """Instants as RFC 3339 writes them."""
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in values.items()}


def install(app: FastAPI) -> None:
    """Let every error of an app be a problem."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return error.response(_asked(request))

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return RefusedByRules(error).response(_asked(request))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [_fault(found) for found in error.errors()]
        faults += [_fault_of_rule(refusal) for refusal in await refused_whatever_is_meant(request, error)]
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
        problem = not_routed(error.status_code, request.method, request.url.path, error.headers)
        return problem.response(_asked(request))


def _asked(request: Request) -> str | None:
    return request.headers.get("Accept-Language")


def _fault_of_rule(refusal: Mapping[str, Any]) -> Fault:
    """Told in the reader's language already, by the dry run that found it."""
    return Fault(BY_RULE, Sentence(refusal["what"], refusal.get("values", {})), refusal["rule"])


def _fault(found: Mapping[str, Any]) -> Fault:
    context = found.get("ctx") or {}
    where = ".".join(str(part) for part in found["loc"])
    return Fault(where, Sentence(found["msg"], context), context.get("rule"), kind=found["type"])
