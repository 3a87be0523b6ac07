"""What the policy lets in is asked of the policy in force, by name, and every limit is one that the code keeps."""

import ast
import asyncio
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from deploy.rulebook.sources import modules
from shared.eventstore.clock import VirtualClock
from shared.http.admission import Admission
from shared.http.request_limits import InputLimits
from shared.http.tokens import LocalIssuer, Role, TokenVerifier
from shared.policy.policies import POLICY_FILES, load_policies
from shared.policy.policy import Input


def test_every_limit_is_read_somewhere_in_the_code() -> None:
    """A key of a policy file that nobody reads would promise what nothing keeps."""
    read = {
        node.attr
        for _, tree in modules(("services", "shared"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    assert Input.model_fields.keys() - read == set()


def test_the_limits_are_those_of_the_policy_in_force(tmp_path: Path) -> None:
    for file in POLICY_FILES.glob("*.toml"):
        shutil.copy(file, tmp_path)
    text = (POLICY_FILES / "2024-01-01.toml").read_text(encoding="utf-8")
    for old, new in (
        ("effective_from = 2024-01-01", "effective_from = 2027-01-01"),
        ("attachments = 1000 ", "attachments = 7 "),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "2027-01-01.toml").write_text(text, encoding="utf-8")
    clock = VirtualClock(tmp_path / "clock", datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    limits = InputLimits(lambda: load_policies(tmp_path), lambda: clock)
    assert limits.in_force().attachments == 1000
    clock.move_to(datetime(2026, 12, 31, 23, 0, tzinfo=UTC))
    assert limits.in_force().attachments == 7


async def put(state: Path, limits: Input, pieces: int, pause: float) -> tuple[int, int, float]:
    """A file that comes piece by piece with pauses: the status, the pieces that were taken, and the seconds."""
    taken, statuses = 0, list[int]()

    async def keep(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        nonlocal taken
        if taken:
            await asyncio.sleep(pause)
        taken += 1
        return {"type": "http.request", "body": b"a", "more_body": taken < pieces}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    token = LocalIssuer(state).token(Role.COMPANY, "kim", "13748136")
    verifier = TokenVerifier(LocalIssuer(state).jwks_file)
    admission = Admission(keep, verifier=lambda: verifier, public=(), limits=lambda: limits)
    headers = [(b"authorization", f"Bearer {token}".encode())]
    begun = time.monotonic()
    try:
        await admission(
            {"type": "http", "method": "PUT", "path": "/v1/offers/a/attachments/b", "headers": headers}, receive, send
        )
    except Exception as problem:  # within the application, where a handler of its own tells it
        statuses.append(getattr(problem, "status", 0))
    return statuses[0], taken, time.monotonic() - begun


@pytest.mark.rule("R16")
async def test_a_file_may_take_long_and_may_not_stand_still(tmp_path: Path) -> None:
    assert (await put(tmp_path, Input(body_seconds=1, file_seconds=60), 4, 0.3))[0] == 204
    status, taken, seconds = await put(tmp_path, Input(body_seconds=1, file_seconds=60), 4, 30)
    assert (status, taken) == (408, 1)
    assert seconds < 10


@pytest.mark.rule("R16")
async def test_a_file_that_dribbles_ends_with_the_time_that_files_have(tmp_path: Path) -> None:
    status, taken, seconds = await put(tmp_path, Input(body_seconds=30, file_seconds=1), 10_000, 0.2)
    assert status == 408
    assert taken < 20
    assert seconds < 10
