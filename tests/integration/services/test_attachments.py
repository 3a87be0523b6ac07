"""Files that facts name, in two services side by side: checked, sealed, shown to whoever may know, and erased."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.control import service as control_service
from services.offers import service as offers_service
from shared.attachments.sealing import PIECE
from shared.contracts.control import DocumentationReceived
from shared.eventstore import private_keys
from shared.eventstore.clock import VirtualClock
from shared.http.request_limits import InputLimits
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.policy.policy import Input
from shared.service import Settings
from tests.integration.services.control_running import Control

CVR, STRANGER, UNIT = "13748136", "24256790", "1003388394"
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
PHOTO = b"a photograph of the lift " * 30_000
LARGE = 25 * 1024 * 1024


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def reference(content: bytes, **changes: Any) -> dict[str, Any]:
    named = {"name": "lift.jpg", "sha256": digest(content), "media_type": "image/jpeg", "size_bytes": len(content)}
    return {**named, **changes}


async def documented(control: Control, *files: dict[str, Any]) -> str:
    """A course whose documentation names files; where its attachments are."""
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", {"complete": False, "files": list(files)}, Role.COMPANY)
    return f"{path}/attachments"


async def put(control: Control, path: str, content: bytes, role: Role = Role.COMPANY) -> httpx.Response:
    return await control.client.put(path, content=content, headers=control.asker(role))


async def get(control: Control, path: str, role: Role = Role.INSPECTOR, **asker: str) -> httpx.Response:
    return await control.client.get(path, headers=control.asker(role, **asker))


def kept(state: Path) -> list[Path]:
    return [file for file in (state / "attachments").rglob("*") if file.is_file()]


@pytest.mark.rule("R16")
@pytest.mark.parametrize("content", [b"", b"x", PHOTO, b"y" * PIECE], ids=["empty", "small", "pieces", "one piece"])
async def test_a_file_that_a_fact_names_is_put_and_read(control: Control, content: bytes) -> None:
    path = f"{await documented(control, reference(content))}/{digest(content)}"
    assert (await get(control, path)).status_code == 404, "nothing was put yet"
    for _ in range(2):
        assert (await put(control, path, content)).status_code == 204
    read = await get(control, path)
    assert (read.status_code, read.content) == (200, content)
    assert read.headers["Content-Type"] == "image/jpeg"
    assert read.headers["Content-Disposition"] == "attachment; filename*=UTF-8''lift.jpg"
    assert len(kept(control.state)) == 1, "the same file again replaces itself"


@pytest.mark.rule("R31")
async def test_what_lies_on_the_disk_shows_nothing_of_the_file(control: Control) -> None:
    path = f"{await documented(control, reference(PHOTO))}/{digest(PHOTO)}"
    await put(control, path, PHOTO)
    (file,) = kept(control.state)
    assert b"lift" not in file.read_bytes()


@pytest.mark.rule("R31")
@pytest.mark.parametrize("harm", ["changed", "cut", "moved"])
async def test_a_file_that_was_harmed_where_it_lies_is_a_fault_and_never_shown(control: Control, harm: str) -> None:
    path = f"{await documented(control, reference(b'mine'))}/{digest(b'mine')}"
    await put(control, path, b"mine")
    (file,) = kept(control.state)
    other = f"{await documented(control, reference(b'mine'))}/{digest(b'mine')}"
    await put(control, other, b"mine")
    (another,) = (one for one in kept(control.state) if one != file)
    sealed = file.read_bytes()
    harmed = {"changed": sealed[:-1] + bytes([sealed[-1] ^ 1]), "cut": sealed[:-1], "moved": another.read_bytes()}
    file.write_bytes(harmed[harm])
    with pytest.raises(Exception, match="does not open"):
        await get(control, path)
    await put(control, path, b"mine")
    assert (await get(control, path)).content == b"mine", "sent again, it is whole again"


@pytest.mark.rule("R16")
async def test_of_one_case_no_more_files_are_kept_than_the_policy_takes(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = reference(b"first"), reference(b"second")
    path = await documented(control, first, second)
    monkeypatch.setattr(InputLimits, "in_force", lambda _: Input(attachments=1))
    assert (await put(control, f"{path}/{digest(b'first')}", b"first")).status_code == 204
    refused = await put(control, f"{path}/{digest(b'second')}", b"second")
    assert (refused.status_code, refused.json()["rule"]) == (409, "R16")
    assert (await put(control, f"{path}/{digest(b'first')}", b"first")).status_code == 204, "the same file again"


@pytest.mark.rule("R16")
async def test_no_bytes_are_taken_but_those_that_the_fact_announced(control: Control) -> None:
    path = f"{await documented(control, reference(PHOTO))}/{digest(PHOTO)}"
    for wrong, why in (
        (PHOTO[:-1], "749999 bytes came, and 750000 were announced"),
        (PHOTO + b"!", "more bytes than the 750000 announced"),
        (PHOTO[:-1] + b"!", "another hash"),
    ):
        refused = await put(control, path, wrong)
        assert (refused.status_code, refused.json()["rule"]) == (422, "R16")
        assert why in refused.json()["detail"]
    assert kept(control.state) == []


@pytest.mark.rule("R16")
async def test_a_file_may_have_25_megabytes_and_no_more(control: Control) -> None:
    largest, too_large = bytes(LARGE), bytes(LARGE + 1)
    path = await documented(control, reference(largest), reference(too_large))
    assert (await put(control, f"{path}/{digest(largest)}", largest)).status_code == 204
    assert (await get(control, f"{path}/{digest(largest)}")).content == largest
    assert (await put(control, f"{path}/{digest(too_large)}", too_large)).status_code == 413


@pytest.mark.rule("R16")
async def test_a_reference_that_was_told_wrong_and_again_takes_the_file(control: Control) -> None:
    wrong, right = reference(PHOTO, size_bytes=1), reference(PHOTO, name="løft 2.jpg", media_type="text/html\r\nX: 1")
    path = f"{await documented(control, wrong, right)}/{digest(PHOTO)}"
    assert (await put(control, path, PHOTO)).status_code == 204
    read = await get(control, path)
    assert read.headers["Content-Disposition"] == "attachment; filename*=UTF-8''l%C3%B8ft%202.jpg"
    assert (read.headers["Content-Type"], "X" in read.headers) == ("application/octet-stream", False)


@pytest.mark.rule("R16", "R18")
async def test_what_no_fact_names_that_the_asker_may_know_of_is_not_there(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await documented(control, reference(PHOTO))
    file = f"{path}/{digest(PHOTO)}"
    assert (await put(control, f"{path}/{digest(b'other')}", b"other")).status_code == 404
    assert (await put(control, file.replace(path.split("/")[3], str(uuid4())), PHOTO)).status_code == 404
    assert (await get(control, f"{path}/not-a-hash")).status_code == 422
    assert (await put(control, file, PHOTO)).status_code == 204
    assert (await get(control, file, Role.COMPANY)).content == PHOTO
    assert (await get(control, file, Role.COMPANY, cvr=STRANGER)).status_code == 404
    assert (await put(control, file, PHOTO, Role.PORTAL)).status_code == 403
    assert (await get(control, file, Role.OPERATOR)).status_code == 404
    monkeypatch.setattr(DocumentationReceived, "seen_by_company", lambda _: False)
    assert (await get(control, file, Role.COMPANY)).status_code == 404
    assert (await put(control, file, PHOTO)).status_code == 404
    assert (await get(control, file)).content == PHOTO


@pytest.mark.rule("R16")
async def test_a_file_that_comes_before_what_names_it_is_told_what_to_send_first(control: Control) -> None:
    file = f"{await documented(control, reference(PHOTO))}/{digest(b'other')}"
    early = await put(control, file, b"other")
    assert (early.status_code, early.json()["detail"]) == (
        404,
        "Nothing in this case names a file with this hash. Send the documentation, or the offer, that names it first; "
        "then send the file.",
    )
    hidden_case = file.replace(file.split("/")[3], str(uuid4()))
    assert "names a file" not in (await put(control, hidden_case, b"other")).json()["detail"]


@pytest.mark.rule("R31")
async def test_a_destroyed_key_erases_the_files_of_its_case_and_no_others(control: Control) -> None:
    erased, other = [f"{await documented(control, reference(PHOTO))}/{digest(PHOTO)}" for _ in range(2)]
    for path in (erased, other):
        await put(control, path, PHOTO)
    stream = erased.split("/")[3]
    await private_keys.destroy(control.runtime.database, [(UUID(stream), "")])
    for role in (Role.INSPECTOR, Role.COMPANY):
        for answer in (await get(control, erased, role), await put(control, erased, PHOTO, role)):
            assert (answer.status_code, answer.json()["rule"]) == (410, "R31")
    assert (await get(control, erased, Role.COMPANY, cvr=STRANGER)).status_code == 404
    assert (await get(control, other)).content == PHOTO


@pytest.mark.rule("R16")
async def test_a_disk_that_fails_is_said_and_can_be_tried_again(control: Control) -> None:
    path = f"{await documented(control, reference(PHOTO))}/{digest(PHOTO)}"
    obstacle = control.state / "attachments"
    obstacle.write_text("a file where the folder should be")
    answer = await put(control, path, PHOTO)
    assert (answer.status_code, answer.json()["detail"]) == (503, "the storage of attachments cannot be reached")
    obstacle.unlink()
    assert (await put(control, path, PHOTO)).status_code == 204


@dataclass
class Both:
    """Offers and control beside each other in one state folder."""

    offers: httpx.AsyncClient
    control: httpx.AsyncClient
    issuer: LocalIssuer

    async def post(self, client: httpx.AsyncClient, path: str, body: Any, role: Role, **headers: str) -> httpx.Response:
        given = {**self.asker(role), "If-Match": "*", "Idempotency-Key": str(uuid4()), **headers}
        answer = await client.post(path, json=body, headers=given)
        assert answer.status_code in (200, 201), answer.text
        return answer

    def asker(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(role, 'anna', CVR if role is Role.COMPANY else None)}"}


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://aftale") as client,
    ):
        await app.state.start_check.may_act.wait()
        yield client


@pytest.fixture
async def both(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Both]:
    VirtualClock(tmp_path / "clock", NOW)
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(
        "insert into offers.units (p_number, effective_from, cvr, industry) values ($1, '2020-01-01', $2, 'day-care')",
        UNIT,
        CVR,
    )
    await connection.close()
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)
    async with (
        client_of(offers_service.app(settings)) as offers,
        client_of(control_service.app(settings)) as control,
    ):
        yield Both(offers, control, LocalIssuer(tmp_path))


@pytest.mark.rule("R1", "R16", "R31")
async def test_one_photo_in_two_services_is_sealed_by_each_under_its_own_key(both: Both) -> None:
    offer = {
        "cvr": CVR,
        "p_number": UNIT,
        "topic": "056",
        "inspection_id": "I-1",
        "period_months": 3,
        "observations": "Heavy lifts.",
        "photos": [reference(PHOTO)],
    }
    agreement_id = (await both.post(both.offers, "/v1/offers", offer, Role.INSPECTOR)).json()["id"]
    await both.post(both.offers, f"/v1/offers/{agreement_id}/delivery", {"delivered": True}, Role.PORTAL)
    answer = {"has_read": True}
    accepted = await both.post(both.offers, f"/v1/offers/{agreement_id}/acceptance", answer, Role.COMPANY)
    seen = {"Consistency-Token": accepted.headers["Consistency-Token"]}
    path = f"/v1/agreements/{agreement_id}/documentation"
    files = {"complete": False, "files": [reference(PHOTO)]}
    await both.post(both.control, path, files, Role.COMPANY, **seen)
    company, inspector = both.asker(Role.COMPANY), both.asker(Role.INSPECTOR)
    there = (both.offers, f"/v1/offers/{agreement_id}/attachments/{digest(PHOTO)}", inspector, "R1")
    here = (both.control, f"/v1/agreements/{agreement_id}/attachments/{digest(PHOTO)}", company, "R16")
    for client, path, asker, rule in (there, here):
        assert (await client.put(path, content=b"x", headers=asker)).json()["rule"] == rule
        assert (await client.put(path, content=PHOTO, headers=asker)).status_code == 204
    for client, path, _, _ in (there, here):
        for asker in (company, inspector):
            assert (await client.get(path, headers=asker)).content == PHOTO
