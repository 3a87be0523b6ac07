"""Describes each service's HTTP interface as an OpenAPI document, from an application that is never started."""

import tempfile
from pathlib import Path
from typing import Any

from services.serve import service_module
from shared.messaging.bus import Kafka
from shared.service import Settings


def document(service: str) -> dict[str, Any]:
    """Returns the document as it is published, and as the service answers at /v1/<service>/openapi.json."""
    with tempfile.TemporaryDirectory() as state:
        nowhere = Settings(postgres="", kafka=Kafka(""), state=Path(state), virtual_clock=False)
        return service_module(service).app(nowhere).openapi()
