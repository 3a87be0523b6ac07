"""The people of the demo; each uses the public HTTP interfaces with a token of their own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from shared.http.tokens import LocalIssuer, Role

RETRIES = 40
_PAUSE_SECONDS = 0.25
INSPECTORS = ("anna", "bo", "carla")


class Unexpected(Exception):
    """The answer of a service is not the one that the demo needs."""


@dataclass
class Seen:
    """What has been seen of the services, by one person or by several who tell each other."""

    consistency_token: str | None = None


class Person:
    """Somebody with a token. Sends the last Consistency-Token with each request, so earlier commands are visible."""

    def __init__(
        self, client: httpx.AsyncClient, addresses: Mapping[str, str], token: str, what: str, seen: Seen
    ) -> None:
        self._client = client
        self._addresses = addresses
        self._token = token
        self._what = what
        self._seen = seen

    async def get(self, service: str, path: str, **parameters: str) -> dict[str, Any]:
        """Reads something. Raises Unexpected if the answer is an error."""
        response = await self._ask("GET", service, path, params=parameters)
        return _checked(response, self._what)

    async def do(self, service: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Gives a command with a new idempotency key. Raises Unexpected if it is refused."""
        return _checked(await self.attempt(service, path, body), self._what)

    async def put(self, service: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Says anew how something stands. Raises Unexpected if it is refused."""
        response = await self._ask("PUT", service, path, json=body, headers={"Idempotency-Key": str(uuid4())})
        return _checked(response, self._what)

    async def attempt(self, service: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Gives a command that may be refused, and returns the response."""
        return await self._ask("POST", service, path, json=body, headers={"Idempotency-Key": str(uuid4())})

    async def _ask(
        self, method: str, service: str, path: str, headers: Mapping[str, str] | None = None, **rest: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", "If-Match": "*", **(headers or {})}
        if self._seen.consistency_token:
            headers["Consistency-Token"] = self._seen.consistency_token
        for _ in range(RETRIES):
            response = await self._client.request(
                method, f"{self._addresses[service]}{path}", headers=headers, timeout=10, **rest
            )
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        self._seen.consistency_token = response.headers.get("Consistency-Token", self._seen.consistency_token)
        return response


class People:
    """Creates the people of the demo."""

    def __init__(
        self, client: httpx.AsyncClient, addresses: Mapping[str, str], state: Path, seen: Seen | None = None
    ) -> None:
        """With `seen` all of them have seen what one of them has."""
        self._client = client
        self._addresses = addresses
        self._state = state
        self._issuer = LocalIssuer(state)
        self._seen = seen

    def of_one_case(self) -> "People":
        """Returns people who tell each other what they have seen, so that each reads what another one has just done."""
        return People(self._client, self._addresses, self._state, Seen())

    def inspector(self, name: str) -> Person:
        """Returns one of the authority's inspectors."""
        return self._person(Role.INSPECTOR, name)

    def company(self, cvr: str) -> Person:
        """Returns somebody who acts for a legal entity."""
        return self._person(Role.COMPANY, f"director of {cvr}", cvr)

    def portal(self) -> Person:
        """Returns the company portal."""
        return self._person(Role.PORTAL, "advi")

    def operator(self) -> Person:
        """Returns an operator of the system."""
        return self._person(Role.OPERATOR, "olga")

    def _person(self, role: Role, name: str, cvr: str | None = None) -> Person:
        what = f"{role.value} {name}"
        return Person(self._client, self._addresses, self._issuer.token(role, name, cvr), what, self._seen or Seen())


def _checked(response: httpx.Response, what: str) -> dict[str, Any]:
    if response.is_success:
        answer: dict[str, Any] = response.json()
        return answer
    asked = response.request
    raise Unexpected(f"{what}: {asked.method} {asked.url} answered {response.status_code}: {response.text}")
