"""Sends operators' requests to the local services over HTTP, with a token for the user who is logged in."""

import getpass
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx

from deploy.local.machine import Machine
from deploy.local.ports import HOST
from deploy.local.processes import UserError
from deploy.local.settings import SERVICES
from shared.http.pages import NEXT_CURSOR
from shared.http.tokens import LocalIssuer, Role

HOLDS_UNITS = "offers"
"""The service that knows which units are held."""
_ABOUT_THE_PERSON = (404, 409, 422, 428)
"""Statuses that refuse one person, and say nothing against the next."""
_PATIENCE_SECONDS = 60.0
"""The timeout of a request. A replay takes as long as processing all messages that wait."""


@dataclass(frozen=True)
class Parked:
    """Names a parked stream: the service at which it waits, its source, and its id."""

    service: str
    source: str
    stream: str

    @property
    def path(self) -> str:
        """The path of the stream below `/v1/operations/<service>/`."""
        return f"parked/{quote(self.source, safe='')}/{quote(self.stream, safe='')}"

    def __str__(self) -> str:
        return f"{self.service} {self.source} {self.stream}"


class Operator:
    """A client of the operators' interface. Returns JSON as in the OpenAPI documents; raises UserError on failure."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        token = LocalIssuer(machine.state.folder).token(Role.OPERATOR, getpass.getuser())
        self._identity = {"Authorization": f"Bearer {token}"}

    def streams(self, service: str) -> Any:
        """Returns the streams that are parked at a service."""
        return list(self._every(service, "parked"))

    def messages(self, parked: Parked, limit: int) -> Any:
        """Returns the first `limit` messages that wait in a stream, and how many wait in all."""
        return self._ask("GET", parked.service, f"{parked.path}?limit={limit}")

    def completeness(self, service: str) -> Any:
        """Returns how far a service has compared each of its sources, and what is missing."""
        return self._ask("GET", service, "completeness")

    def compare(self, service: str, *, everything: bool) -> None:
        """Makes a service compare its sources now."""
        self._ask("POST", service, "completeness/comparisons", {"everything": everything})

    def dates(self, service: str) -> Iterator[Any]:
        """Returns, page by page, the open deadlines of a service that the calendar of today gives otherwise."""
        return self._read_pages(service, "dates")

    def recount(self, service: str, reason: str, *, dry_run: bool) -> Iterator[Any]:
        """Counts the open deadlines of a service again, and returns page by page which cases have other dates now."""
        return self._do_in_pages(service, "dates/recounts", {"reason": reason}, dry_run=dry_run)

    def drift(self, service: str) -> Iterator[Any]:
        """Returns, page by page, the streams of a service whose timers or reservations differ from those declared."""
        return self._read_pages(service, "drift")

    def replay(self, parked: Parked) -> Any:
        """Makes a service process the parked messages of a stream again."""
        return self._ask("POST", parked.service, f"{parked.path}/replay")

    def push_again(self, after: int) -> int:
        """Has the company portal told again what it took after a position; returns how many entries (R29)."""
        entries: int = self._ask("POST", "notices", "portal/pushes", {"after": after})["entries"]
        return entries

    def tell_again(self, case: str | None, *, dry_run: bool) -> Iterator[Any]:
        """Has matters told that were given up, and returns page by page of which cases (R29)."""
        return self._do_in_pages("notices", "reopenings", {"case": case}, dry_run=dry_run)

    def discard(self, parked: Parked, event_id: str, reason: str) -> Any:
        """Discards the first parked message of a stream permanently."""
        return self._ask("POST", parked.service, f"{parked.path}/discard", {"event_id": event_id, "reason": reason})

    def retake(self, parked: Parked) -> Any:
        """Asks the source to publish a stream again, and waits up to 20 s for it; returns what still waits, and why."""
        return self._ask("POST", parked.service, f"{parked.path}/retake")

    def discard_unreadable(self, service: str, reason: str) -> Any:
        """Discards all records of a service that do not say which fact they are."""
        return self._ask("POST", service, "parked/unreadable/discard", {"reason": reason})

    def units_on_hold(self) -> Any:
        """Returns the units at which no offer is made or accepted because a fact about them was lost."""
        return list(self._every(HOLDS_UNITS, "held-units"))

    def release(self, units: Sequence[str], reason: str) -> Any:
        """Releases these units, or every held unit if none is named: offers can be made there again."""
        body = {"p_numbers": list(units), "all": not units, "reason": reason}
        return self._ask("POST", HOLDS_UNITS, "held-units/release", body)

    def erase(self, service: str, case: str | None, person: str | None, *, dry_run: bool) -> Any:
        """Erases what a service keeps of a case or a person; with `dry_run` only returns what would be erased."""
        body = {"case": case, "person": person}
        return self._ask("POST", service, f"erasures?dry_run={str(dry_run).lower()}", body)

    def messages_about(self, case: str | None, person: str | None) -> Iterator[str]:
        """R31: yields the Message-IDs of what told of a case, or went to a person, or names the person."""
        asked = {"case": case, "person": person}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return (one["message_id"] for one in self._every("notices", f"messages?{query}"))

    def list_person(
        self, person_id: str, body: Mapping[str, Any], *, dry_run: bool, only_unlisted: bool
    ) -> httpx.Response:
        """Lists a person in control's directory, or describes one anew, and returns the answer, also a refusal.

        With `only_unlisted` a person who is listed already is left as is (428): no version is named.
        """
        path = f"/v1/people/{quote(person_id, safe='')}?dry_run={str(dry_run).lower()}"
        headers = {"Idempotency-Key": str(uuid4()), **({} if only_unlisted else {"If-Match": "*"})}
        answer = self._send("PUT", "control", path, body, headers)
        if answer.status_code not in _ABOUT_THE_PERSON and answer.is_error:
            raise UserError(_what_is_wrong("control", answer))
        return answer

    def calendar(self, period: str, person: str | None, centre: str | None) -> list[Any]:
        """Returns the visits of a period, as control shows them to an inspector: operators see no cases."""
        token = LocalIssuer(self._machine.state.folder).token(Role.INSPECTOR, getpass.getuser())
        asked = {"period": period, "person": person, "centre": centre}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        visits: list[Any] = []
        cursor = ""
        while True:
            path = f"/v1/calendar?{query}{cursor}"
            answer = self._send("GET", "control", path, headers={"Authorization": f"Bearer {token}"})
            if answer.is_error:
                raise UserError(_what_is_wrong("control", answer))
            visits += answer.json()
            if NEXT_CURSOR not in answer.headers:
                return visits
            cursor = f"&cursor={answer.headers[NEXT_CURSOR]}"

    def republish(self, source: str, stream: str, from_version: int) -> None:
        """Makes a service publish one of its own streams again."""
        self._ask("POST", source, "republications", {"stream": stream, "from_version": from_version})

    def begin_view_work(self, work: str) -> Any:
        """Makes reporting start to rebuild or to check its view."""
        return self._ask("POST", "reporting", f"view/{work}")

    def view_work(self) -> Any:
        """Returns the progress of the rebuild or check that was started last."""
        return self._ask("GET", "reporting", "view")

    def _read_pages(self, service: str, path: str) -> Iterator[Any]:
        """Yields all pages of what a service is asked."""
        page = self._ask("GET", service, path)
        yield page
        while page["next_cursor"] is not None:
            page = self._ask("GET", service, f"{path}?cursor={page['next_cursor']}")
            yield page

    def _do_in_pages(self, service: str, path: str, body: dict[str, Any], *, dry_run: bool) -> Iterator[Any]:
        """Has a service do something page by page, and yields the result of each page; the next is not begun before."""
        path, cursor = f"{path}?dry_run={str(dry_run).lower()}", None
        while True:
            page = self._ask("POST", service, path, {**body, "cursor": cursor})
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _every(self, service: str, path: str) -> Iterator[Any]:
        """Yields every item of a list, page by page."""
        cursor = ""
        while True:
            answer = self._answer("GET", service, path + cursor)
            yield from answer.json()
            if NEXT_CURSOR not in answer.headers:
                return
            cursor = f"{'&' if '?' in path else '?'}cursor={answer.headers[NEXT_CURSOR]}"

    def _ask(self, method: str, service: str, path: str, body: object = None) -> Any:
        answer = self._answer(method, service, path, body)
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else None

    def _answer(self, method: str, service: str, path: str, body: object = None) -> httpx.Response:
        if service not in SERVICES:
            raise UserError(f"There is no service {service}; there are {', '.join(SERVICES)}.")
        answer = self._send(method, service, f"/v1/operations/{service}/{path}", body)
        if answer.is_error:
            raise UserError(_what_is_wrong(service, answer))
        return answer

    def _send(
        self, method: str, service: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        port = self._machine.service(service).port or self._machine.settings.port(service)
        headers = {**self._identity, **(headers or {})}
        try:
            return httpx.request(
                method,
                f"http://{HOST}:{port}{path}",
                json=body,
                headers=headers,
                timeout=_PATIENCE_SECONDS,
                trust_env=False,
            )
        except httpx.TransportError as error:
            raise UserError(f"{service} does not answer on port {port}: ./aftale status says what runs.") from error


def _what_is_wrong(service: str, answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        return f"Another program answers on the port of {service} (HTTP status {answer.status_code})."
    faults = [f"  {fault['where']}: {fault['what']}" for fault in problem.get("faults", ())]
    return "\n".join([f"{service}: {problem['detail']} ({answer.status_code}).", *faults])
