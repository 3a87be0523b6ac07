"""Why a request is not answered as asked: problems (RFC 9457), and what is wrong with tokens and bodies."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Response

from shared.deadlines.in_words import Language
from shared.errors import AftaleError
from shared.eventstore.errors import Refused
from shared.refusals.language import language_of
from shared.refusals.sentences import Sentence, fault_in_danish

MEDIA_TYPE = "application/problem+json"
BY_RULE = "rule"
"""Value of `where` if a rule of the domain refuses the command as a whole, and no single field is wrong."""


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with a request: where, and the sentence that says what."""

    where: str
    what: Sentence
    rule: str | None = None
    kind: str | None = None
    """The error type of pydantic if validation found the error; its English sentence is then pydantic's."""

    def as_json(self, language: Language) -> dict[str, Any]:
        """Returns the JSON object for the list `faults` of a problem."""
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


class Problem(AftaleError):
    """An error that becomes the answer. `faults` list everything that is wrong, and where.

    Title and detail are keys of shared/refusals; `values` fill the placeholders of the detail.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        rule: str | None = None,
        faults: Sequence[FieldError] = (),
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
        """Returns the JSON body in one language."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": Sentence(self.title).in_language(language),
            "status": self.status,
            "detail": self.detail_in(language),
        }
        if self.detail.values:
            body["values"] = _as_text(self.detail.values)
        if self.rule is not None:
            body["rule"] = self.rule
        if self.faults:
            body["faults"] = [fault.as_json(language) for fault in self.faults]
        return body

    def body_in_both(self) -> dict[str, Any]:
        """Returns the JSON body with title and detail in both languages, for a reader whose language is unknown."""
        danish, english = self.body("da"), self.body("en")
        title, detail = (f"{danish[name]} / {english[name]}" for name in ("title", "detail"))
        return {**english, "title": title, "detail": detail}

    def detail_in(self, language: Language) -> str:
        """Returns the detail in one language."""
        return self.detail.in_language(language)

    def response(self, accept_language: str | None) -> Response:
        """Returns the HTTP answer in the language that the request prefers."""
        language = language_of(accept_language)
        content = json.dumps(self.body(language), default=str, ensure_ascii=False)
        headers = {"Content-Language": language, "Vary": "Accept-Language", **self.headers}
        return Response(content, self.status, headers, media_type=MEDIA_TYPE)


class RefusedByRules(Problem):
    """409: all refusals of one command by the rules."""

    def __init__(self, refusal: Refused) -> None:
        faults = [FieldError(BY_RULE, Sentence(one.reason, one.values), rule=one.rule) for one in refusal.every_fault]
        super().__init__(
            409, "Refused by a rule", refusal.reason, rule=refusal.rule, faults=faults, values=refusal.values
        )

    def detail_in(self, language: Language) -> str:
        """Returns the sentences of all refusals, one after the other."""
        return " ".join(fault.what.in_language(language) for fault in self.faults)


class NotStrictJson(AftaleError, ValueError):
    """The body is not JSON, or two parsers could read it differently; `text` says why."""

    def __init__(self, text: str, **values: Any) -> None:
        super().__init__(text.format_map(values))
        self.text = text
        self.values = values


class InvalidToken(AftaleError):
    """The token is not from the trusted issuer, has expired, or lacks a claim. `text` is a key of shared/refusals."""

    def __init__(self, text: str, **values: Any) -> None:
        super().__init__(text.format_map(values))
        self.text = text
        self.values = values


def _as_text(values: Mapping[str, Any]) -> dict[str, str]:
    """Returns the values as text, instants in the form of RFC 3339."""
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in values.items()}
