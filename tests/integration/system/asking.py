"""Plain requests of a running system, for tests that look at status, headers and bytes."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from shared.http.tokens import LocalIssuer, Role
from tests.integration.system.running_system import RunningSystem

SERVICE_OF = {
    "offers": "offers",
    "quarantines": "offers",
    "guidance": "guidance",
    "agreements": "control",
    "calendar": "control",
    "notices": "notices",
}
"""By the first word of a path; reporting answers the rest."""


class Asker:
    """Somebody with one token, who sends each request once."""

    def __init__(self, system: RunningSystem, token: str | None) -> None:
        self._system = system
        self._identity = {} if token is None else {"Authorization": f"Bearer {token}"}

    @classmethod
    def of(cls, system: RunningSystem, role: Role, cvr: str | None = None) -> "Asker":
        """The same person in every role and company."""
        return cls(system, LocalIssuer(system.state).token(role, "anna", cvr))

    async def get(self, path: str) -> httpx.Response:
        """Read something."""
        return await self._system.client.get(self._address(path), headers=self._identity)

    async def put(self, path: str, body: Any) -> httpx.Response:
        """Say anew how something stands, for any version, with a key of its own."""
        given = {"Idempotency-Key": str(uuid4()), "If-Match": "*", **self._identity}
        return await self._system.client.put(self._address(path), json=body, headers=given)

    async def post(self, path: str, body: Any, headers: Mapping[str, str | None] | None = None) -> httpx.Response:
        """Give a command for any version, with a key of its own; a header that is None is left out."""
        asked = {"Idempotency-Key": str(uuid4()), "If-Match": "*", **(headers or {})}
        given = {name: value for name, value in asked.items() if value is not None}
        return await self._system.client.post(self._address(path), json=body, headers={**self._identity, **given})

    def _address(self, path: str) -> str:
        first = path.removeprefix("/v1/").partition("/")[0].partition("?")[0]
        named = path.split("/")[3] if first == "operations" else SERVICE_OF.get(first, "reporting")
        return f"http://127.0.0.1:{self._system.ports[named]}{path}"
