"""The services that own matters, parties and addresses, for tests of notices: real HTTP, and whatever a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local.ports import HOST, free_port


@dataclass
class OwnersOnAPort:
    """What they answer, and what they were asked, in order. None stands for 404, and a number for that status."""

    parties: dict[str, Any] | int | None = None
    matter: dict[str, Any] | int | None = None
    addresses: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    def app(self) -> Starlette:
        """The paths that notices ask."""
        return Starlette(
            routes=[
                Route("/v1/offers/{case}/parties", self._parties),
                Route("/v1/{owner}/{case}/matters/{occasion}", self._matter),
                Route("/v1/people/{person}/address", self._address),
            ]
        )

    async def _parties(self, _: Request) -> Response:
        self.asked.append("parties")
        return _answer(self.parties)

    async def _matter(self, request: Request) -> Response:
        self.asked.append(f"{request.path_params['owner']} matter {request.path_params['occasion']}")
        return _answer(self.matter)

    async def _address(self, request: Request) -> Response:
        self.asked.append(f"address {request.path_params['person']}")
        return _answer(self.addresses.get(request.path_params["person"]))


def _answer(said: dict[str, Any] | int | None) -> Response:
    if isinstance(said, dict):
        return JSONResponse(said)
    return JSONResponse({}, status_code=said or 404)


@asynccontextmanager
async def answering(owners: OwnersOnAPort) -> AsyncIterator[OwnersOnAPort]:
    """They answer while the block runs."""
    server = uvicorn.Server(uvicorn.Config(owners.app(), host=HOST, port=owners.port, log_level="warning"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield owners
    finally:
        server.should_exit = True
        await running
