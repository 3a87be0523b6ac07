"""Services that run for a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.control import service
from shared.contracts.vocabulary import Centre
from shared.eventstore.clock import VirtualClock
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.authority import directory_with_supporters
from tests.integration.services.control_running import NOW, Control


@pytest.fixture
async def control(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Control]:
    clock = VirtualClock(tmp_path / "clock", NOW)
    people = directory_with_supporters(tmp_path, anna=Centre.EAST, bo=Centre.EAST, carla=Centre.OTHER)
    app = service.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True, people=people))
    async with app.router.lifespan_context(app):
        await app.state.start_check.may_act.wait()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
            yield Control(client, tmp_path, clock, app.state.runtime)
