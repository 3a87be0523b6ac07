"""Writes the contracts to their files, and keeps a copy of the last release next to them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.contracts import asyncapi, openapi, policy
from shared.http.other_services import DEFAULT_PORTS

PUBLISHED = Path(__file__).parents[2] / "docs" / "contracts"
RELEASED = PUBLISHED / "released"


def build_all() -> dict[str, str]:
    """Returns every contract by the name of its file, as the code defines it now."""
    documents = {"asyncapi.json": asyncapi.document(), "policy.schema.json": policy.document()}
    documents |= {f"openapi-{service}.json": openapi.document(service) for service in DEFAULT_PORTS}
    return {name: _text(document) for name, document in documents.items()}


def publish() -> None:
    """Writes the files."""
    PUBLISHED.mkdir(exist_ok=True)
    for name, text in build_all().items():
        (PUBLISHED / name).write_text(text, encoding="utf-8")


def release() -> None:
    """Copies the published contracts to the folder with which later changes are compared."""
    RELEASED.mkdir(exist_ok=True)
    for file in PUBLISHED.glob("*.json"):
        shutil.copy(file, RELEASED)


def read(folder: Path) -> Mapping[str, Any]:
    """Returns the contracts in a folder by file name."""
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
