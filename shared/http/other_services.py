"""Asks another service over HTTP, with the asker's own token, so that nobody learns or does more than alone."""

import os
from collections.abc import Mapping
from typing import Any

import httpx

from shared.http.errors import Problem
from shared.http.problems import not_found, unavailable

_SECONDS = 5.0
_JSON = ("application/json", "application/problem+json")
"""Anything else is no answer of a service of ours, but of something between."""
DEFAULT_PORTS = {"offers": 8101, "guidance": 8102, "control": 8103, "reporting": 8104, "notices": 8105}
"""On which port of this machine each service answers unless AFTALE_PORT_<SERVICE> says another."""


async def ask(
    service: str,
    method: str,
    path: str,
    asker: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Returns the answer of another service. Raises Problem, with its refusal, or 503 if it cannot answer now.

    `asker` contains the headers of the request: the other service words its refusal in the language that they ask for.
    A command needs a `key`, under which it has its effect once; without one it is a dry run.
    """
    headers = {name: asker[name] for name in ("Authorization", "Accept-Language") if name in asker}
    query = {}
    if key is not None:
        headers["Idempotency-Key"] = key
    elif method != "GET":
        query["dry_run"] = "true"
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as client:
            answer = await client.request(method, address_of(service) + path, headers=headers, params=query, json=body)
    except httpx.TransportError as error:
        raise unavailable("the {service} service does not answer", service=service) from error
    if answer.is_server_error or not answer.headers.get("Content-Type", "").startswith(_JSON):
        raise unavailable("the {service} service cannot answer now", service=service)
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise not_found()
    if not answer.is_success:
        problem = answer.json()
        raise Problem(
            answer.status_code,
            problem["title"],
            "another service answered: {why}",
            rule=problem.get("rule"),
            values={"why": problem["detail"]},
        )
    told: dict[str, Any] = answer.json()
    return told


def address_of(service: str) -> str:
    """Returns where another service is reached: AFTALE_ADDRESS_<SERVICE>, or its port on this machine."""
    port = os.environ.get(f"AFTALE_PORT_{service.upper()}", DEFAULT_PORTS[service])
    return os.environ.get(f"AFTALE_ADDRESS_{service.upper()}", f"http://127.0.0.1:{port}")
