"""The page that shows a service's interface, in a network that reaches nothing else."""

import re
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.settings import SERVICES
from shared.messaging.bus import Kafka
from shared.service import Settings


@pytest.mark.parametrize("name", SERVICES)
async def test_the_page_loads_what_it_needs_from_its_own_service(name: str, tmp_path: Path) -> None:
    settings = Settings(postgres="", kafka=Kafka(""), state=tmp_path, virtual_clock=False)
    app: FastAPI = import_module(f"services.{name}.service").app(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        page = await client.get(f"/v1/{name}/docs")
        named = re.findall(r"""(?:src|href|url)['"]?\s*[=:]\s*['"]([^'"]+)""", page.text)
        assert {Path(one).name for one in named} == {
            "swagger-ui-bundle.js",
            "swagger-ui.css",
            "favicon.png",
            "openapi.json",
        }
        for one in named:
            assert one.startswith(f"/v1/{name}/"), "from elsewhere"
            loaded = await client.get(one)
            assert loaded.status_code == 200
            assert loaded.content
        assert '"validatorUrl": null' in page.text, "else the document's address is sent to a validator"
