"""The files in which the contracts are published, and the copy of the last release beside them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.contracts import asyncapi, openapi, policy
from services.serve import DEFAULT_PORTS

PUBLISHED = Path(__file__).parents[2] / "docs" / "contracts"
RELEASED = PUBLISHED / "released"


def made() -> dict[str, str]:
    """Every contract as the code has it now, by the name of its file."""
    documents = {"asyncapi.json": asyncapi.document(), "policy.schema.json": policy.document()}
    documents |= {f"openapi-{service}.json": openapi.document(service) for service in DEFAULT_PORTS}
    return {name: _text(document) for name, document in documents.items()}


def publish() -> None:
    """Write the files."""
    PUBLISHED.mkdir(exist_ok=True)
    for name, text in made().items():
        (PUBLISHED / name).write_text(text, encoding="utf-8")


def release() -> None:
    """Let what is published be what later changes are compared with."""
    RELEASED.mkdir(exist_ok=True)
    for file in PUBLISHED.glob("*.json"):
        shutil.copy(file, RELEASED)


def read(folder: Path) -> Mapping[str, Any]:
    """The contracts of a folder, by the name of their file."""
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
