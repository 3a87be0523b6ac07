"""The person who is logged in, as the operator of the services that run on this machine: over HTTP, with a token."""

import getpass
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from deploy.local.machine import Machine
from deploy.local.ports import HOST
from deploy.local.processes import Fault
from deploy.local.settings import SERVICES
from shared.http.pages import NEXT_CURSOR
from shared.http.tokens import LocalIssuer, Role

HOLDS_UNITS = "offers"
"""The service that knows which units are held."""
_PATIENCE_SECONDS = 60.0
"""A replay lasts as long as taking what waits does."""


@dataclass(frozen=True)
class Parked:
    """A stream of a source that waits at a service."""

    service: str
    source: str
    stream: str

    @property
    def path(self) -> str:
        """Where its service has it."""
        return f"parked/{quote(self.source, safe='')}/{quote(self.stream, safe='')}"

    def __str__(self) -> str:
        return f"{self.service} {self.source} {self.stream}"


class Operator:
    """Answers are JSON as the services' OpenAPI documents have it; what goes wrong is a Fault that says what."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        token = LocalIssuer(machine.state.folder).token(Role.OPERATOR, getpass.getuser())
        self._identity = {"Authorization": f"Bearer {token}"}

    def streams(self, service: str) -> Any:
        """The streams that wait at a service."""
        return list(self._every(service, "parked"))

    def messages(self, parked: Parked, limit: int) -> Any:
        """The first that wait in a stream, and how many wait in all."""
        return self._ask("GET", parked.service, f"{parked.path}?limit={limit}")

    def completeness(self, service: str) -> Any:
        """How far each source of a service has been compared, and what is missing."""
        return self._ask("GET", service, "completeness")

    def compare(self, service: str, *, everything: bool) -> None:
        """Let a service compare its sources now."""
        self._ask("POST", service, "completeness/comparisons", {"everything": everything})

    def drift(self, service: str) -> Iterator[Any]:
        """Page by page which streams of a service have timers or reservations that their deciders do not say."""
        path = "drift"
        while True:
            page = self._ask("GET", service, path)
            yield page
            if page["next_cursor"] is None:
                return
            path = f"drift?cursor={page['next_cursor']}"

    def replay(self, parked: Parked) -> Any:
        """Try a stream again."""
        return self._ask("POST", parked.service, f"{parked.path}/replay")

    def discard(self, parked: Parked, event_id: str, reason: str) -> Any:
        """Pass over the first message of a stream."""
        return self._ask("POST", parked.service, f"{parked.path}/discard", {"event_id": event_id, "reason": reason})

    def retake(self, parked: Parked) -> Any:
        """Have the source publish a stream again, and wait until it came."""
        return self._ask("POST", parked.service, f"{parked.path}/retake")

    def discard_unreadable(self, service: str, reason: str) -> Any:
        """Pass over all records that do not say which fact they are."""
        return self._ask("POST", service, "parked/unreadable/discard", {"reason": reason})

    def held_units(self) -> Any:
        """The units at which nothing is offered or accepted, as a fact about them was lost."""
        return list(self._every(HOLDS_UNITS, "held-units"))

    def release(self, units: Sequence[str], reason: str) -> Any:
        """Let offers be made again at these units; at all, if none is named."""
        body = {"p_numbers": list(units), "all": not units, "reason": reason}
        return self._ask("POST", HOLDS_UNITS, "held-units/release", body)

    def erase(self, service: str, case: str | None, person: str | None, *, dry_run: bool) -> Any:
        """Erase what a service keeps of a case or a person, or say what that would be."""
        body = {"case": case, "person": person}
        return self._ask("POST", service, f"erasures?dry_run={str(dry_run).lower()}", body)

    def republish(self, source: str, stream: str, from_version: int) -> None:
        """Have a service publish one of its own streams again."""
        self._ask("POST", source, "republications", {"stream": stream, "from_version": from_version})

    def begin_view_work(self, work: str) -> Any:
        """Have reporting rebuild or check its view."""
        return self._ask("POST", "reporting", f"view/{work}")

    def view_work(self) -> Any:
        """How far that is."""
        return self._ask("GET", "reporting", "view")

    def _every(self, service: str, path: str) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor = ""
        while True:
            answer = self._answer("GET", service, path + cursor)
            yield from answer.json()
            if NEXT_CURSOR not in answer.headers:
                return
            cursor = f"?cursor={answer.headers[NEXT_CURSOR]}"

    def _ask(self, method: str, service: str, path: str, body: object = None) -> Any:
        answer = self._answer(method, service, path, body)
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else None

    def _answer(self, method: str, service: str, path: str, body: object = None) -> httpx.Response:
        if service not in SERVICES:
            raise Fault(f"There is no service {service}; there are {', '.join(SERVICES)}.")
        port = self._machine.service(service).port or self._machine.settings.port(service)
        url = f"http://{HOST}:{port}/v1/operations/{service}/{path}"
        try:
            answer = httpx.request(
                method, url, json=body, headers=self._identity, timeout=_PATIENCE_SECONDS, trust_env=False
            )
        except httpx.TransportError as error:
            raise Fault(f"{service} does not answer on port {port}: ./aftale status says what runs.") from error
        if answer.is_error:
            raise Fault(_what_is_wrong(service, answer))
        return answer


def _what_is_wrong(service: str, answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        return f"What answers for {service} is no service of Aftale ({answer.status_code})."
    faults = [f"  {fault['where']}: {fault['what']}" for fault in problem.get("faults", ())]
    return "\n".join([f"{service}: {problem['detail']} ({answer.status_code}).", *faults])
