"""The service notices in this process, with everything behind it but the other services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from services.notices import service
from shared.eventstore.clock import VirtualClock
from shared.http.tokens import LocalIssuer, Role
from shared.service import Runtime, Settings

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)


@dataclass
class Notices:
    """The service, called as one role or another."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: VirtualClock
    state: Path

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    async def get(self, path: str, role: Role, cvr: str | None = None, **query: Any) -> httpx.Response:
        """Reads as somebody in a role; in English where there is a choice."""
        token = LocalIssuer(self.state).token(role, "anna", cvr)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return await self.client.get(path, params=query, headers=headers)


@asynccontextmanager
async def notices_running(settings: Settings) -> AsyncIterator[Notices]:
    """One process of the service, on a virtual clock that begins at NOW."""
    clock = VirtualClock(settings.state / "clock", NOW)
    app = service.app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notices") as client,
    ):
        await app.state.start_check.may_act.wait()
        yield Notices(app, client, clock, settings.state)
