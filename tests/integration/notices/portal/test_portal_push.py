"""The portal gets everything in order and at least once, whatever fails, stops or is killed (R29)."""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from deploy.local.state import PROJECT
from migrations.logins import set_passwords
from services.notices.channels.webhook import PushFailure
from shared.eventstore.logins import variable_of
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.notices.portal.portal_server import HOST, SECRET, Portal, portal_server
from tests.integration.notices.portal.told_cases import Told, telling

pytestmark = pytest.mark.rule("R29")
_FIRST_PAUSE = timedelta(minutes=5)
_WAITS = "select exists (select from pg_locks where not granted and locktype = 'transactionid')"
_END = "select pg_terminate_backend(pid) from pg_locks where not granted and locktype = 'transactionid'"
_LOOKS = 1.2
"""Seconds in which the loop looks twice."""


@pytest.fixture
def portal() -> Portal:
    return Portal(port=free_port())


@pytest.fixture
def settings(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("AFTALE_MODE", "local")
    monkeypatch.setenv("AFTALE_PORTAL_URL", f"http://{HOST}:{portal.port}/notices")
    monkeypatch.setenv("AFTALE_PORTAL_SECRET_FILE", str(tmp_path / "secret"))
    return Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def until_asked(portal: Portal, times: int) -> None:
    await until(lambda: portal.asked >= times)


def matters(portal: Portal) -> list[UUID]:
    return [UUID(one["data"]["matter_id"]) for one in portal.taken]


async def test_what_was_pushed_is_what_the_feed_says_when_it_is_read_again(settings: Settings, portal: Portal) -> None:
    async with portal_server(portal), telling(settings) as notices:
        case = await notices.cases.begin()
        told = [await notices.cases.tell(case) for _ in range(30)]
        await until(lambda: len(portal.taken) == 30)
        assert matters(portal) == told
        assert await notices.feed() == [one["data"] for one in portal.taken]
        assert await notices.feed(after=10, limit=5) == [one["data"] for one in portal.taken[10:15]]
        assert not notices.heartbeat().awaited_server


async def test_a_portal_that_fails_is_tried_again_after_growing_pauses_of_the_clock(
    settings: Settings, portal: Portal
) -> None:
    portal.status = 503
    async with portal_server(portal), telling(settings) as notices:
        case = await notices.cases.begin()
        told = [await notices.cases.tell(case) for _ in range(3)]
        for tries in (1, 2, 3):
            await until_asked(portal, tries)
            await asyncio.sleep(_LOOKS)
            assert portal.asked == tries, "nothing is sent before the pause is over"
            stands = await notices.stands()
            assert (stands["told_to"], stands["tries"]) == (0, tries)
            assert (stands["failure"], stands["status"]) == ("refused", 503)
            assert stands["again_at"] - stands["failed_at"] == _FIRST_PAUSE * 2 ** (tries - 1)
            assert notices.heartbeat().awaited_server == "portal"
            portal.status = 200 if tries == 3 else 503
            notices.clock.move_to(stands["again_at"])
        await until(lambda: len(portal.taken) == 3)
        assert (matters(portal), portal.asked) == (told, 6)
        assert (await notices.stands())["failure"] is None


async def test_a_portal_that_says_410_is_left_alone_until_the_service_starts_again(
    settings: Settings, portal: Portal
) -> None:
    portal.status = 410
    async with portal_server(portal):
        async with telling(settings) as notices:
            case = await notices.cases.begin()
            told = [await notices.cases.tell(case) for _ in range(2)]
            await until(lambda: portal.asked == 1)
            notices.clock.move_to(notices.clock.now() + timedelta(days=30))
            await asyncio.sleep(_LOOKS)
            stands = await notices.stands()
            assert (stands["failure"], stands["status"], stands["again_at"]) == (PushFailure.GONE, 410, None)
            assert portal.asked == 1
        portal.status = 200
        async with telling(settings):
            await until(lambda: len(portal.taken) == 2)
    assert matters(portal) == told


async def test_a_portal_that_goes_away_midway_misses_nothing_and_gets_it_in_order(
    settings: Settings, portal: Portal
) -> None:
    async with telling(settings) as notices:
        case = await notices.cases.begin()
        told: list[UUID] = []
        for round_number in (1, 2, 3):
            told += [await notices.cases.tell(case) for _ in range(10)]
            async with portal_server(portal):
                await _until_taken(notices, portal, 10 * round_number - 5)
            assert len(set(matters(portal))) >= 10 * round_number - 5
        async with portal_server(portal):
            await _until_taken(notices, portal, 30)
        assert list(dict.fromkeys(matters(portal))) == told


async def _until_taken(notices: Told, portal: Portal, number: int) -> None:
    """Moves the clock over the pauses until so many entries are taken."""
    async with asyncio.timeout(30):
        while len(set(portal.ids)) < number:
            notices.clock.move_to(notices.clock.now() + timedelta(hours=13))
            await asyncio.sleep(0.1)


async def test_an_operator_has_the_portal_told_again_from_a_position_and_leaves_nothing_out(
    settings: Settings, portal: Portal
) -> None:
    async with portal_server(portal), telling(settings) as notices:
        case = await notices.cases.begin()
        for _ in range(5):
            await notices.cases.tell(case)
        await until(lambda: len(portal.taken) == 5)
        again = await notices.push_again(Role.OPERATOR, 2)
        assert (again.status_code, again.json()) == (202, {"entries": 3})
        await until(lambda: len(portal.taken) == 8)
        assert portal.ids[5:] == portal.ids[2:5]
        refused = await notices.push_again(Role.OPERATOR, 6)
        assert refused.status_code == 422
        assert refused.json()["faults"][0]["where"] == "body.after"
        assert (await notices.push_again(Role.PORTAL, 0)).status_code == 403
        await asyncio.sleep(_LOOKS)
        assert len(portal.taken) == 8
        assert notices.heartbeat().failures == 0


async def test_what_is_pushed_while_an_operator_begins_again_is_pushed_again_too(
    settings: Settings, portal: Portal
) -> None:
    async with portal_server(portal), telling(settings) as notices:

        async def begin_again(body: dict[str, Any]) -> None:
            if body["data"]["position"] == 3 and portal.asked == 3:
                await notices.push_again(Role.OPERATOR, 0)

        portal.before_answer = begin_again
        case = await notices.cases.begin()
        for _ in range(4):
            await notices.cases.tell(case)
        await until(lambda: len(portal.taken) == 7)
        assert portal.ids[:3] == portal.ids[3:6]
        assert (await notices.stands())["told_to"] == 4


async def test_of_two_processes_one_pushes(settings: Settings, portal: Portal) -> None:
    async with portal_server(portal), telling(settings) as one:
        case = await one.cases.begin()
        async with telling(settings):
            for _ in range(50):
                await one.cases.tell(case)
            await until(lambda: len(portal.taken) >= 50)
            await asyncio.sleep(_LOOKS)
    assert len(portal.ids) == len(set(portal.ids)) == 50


async def test_a_process_killed_between_the_answer_and_the_position_pushes_again_under_the_same_id(
    settings: Settings, portal: Portal, postgres_dsn: str
) -> None:
    """The row of the position is locked by the test: the answer has come, and the position cannot be moved."""
    async with portal_server(portal):
        async with telling(settings) as notices:
            case = await notices.cases.begin()
            await notices.cases.tell(case)
            await until(lambda: len(portal.taken) == 1)
            portal.hangs = True  # the next entry stays in the feed, for the process that is killed
            told = [await notices.cases.tell(case) for _ in range(3)]
            await until(lambda: portal.asked == 2)
        portal.hangs = False
        lock = await asyncpg.connect(postgres_dsn)
        try:
            await lock.execute("begin; select from notices.portal_webhook for update")
            process = await _process(settings)
            async with asyncio.timeout(60):
                while not await lock.fetchval(_WAITS):
                    await asyncio.sleep(0.02)
            process.kill()
            await process.wait()
            await lock.execute(_END)  # else what the process asked for last is done once the row is free
        finally:
            await lock.close()
        assert matters(portal)[1:] == told[:1]
        async with telling(settings):
            await until(lambda: len(portal.taken) >= 5)
    assert portal.ids[1] == portal.ids[2]
    assert portal.seen[2]["webhook-id"] == portal.seen[3]["webhook-id"] == portal.ids[1]
    assert matters(portal)[2:] == told


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AFTALE_PORTAL_URL", "http://portal.example/", "AFTALE_PORTAL_URL begins with https://"),
        ("AFTALE_PORTAL_SECRET_FILE", "/none", "AFTALE_PORTAL_SECRET_FILE is /none, which cannot be read"),
    ],
)
async def test_a_wrong_setting_stops_the_service_with_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    process = await _process(settings)
    _, told = await process.communicate()
    assert process.returncode == 1
    assert told.decode().startswith(said)
    assert "Traceback" not in told.decode()


async def _process(settings: Settings) -> asyncio.subprocess.Process:
    """A process of the service, as it is served."""
    login = login_urls(settings.postgres)[variable_of("notices")]
    await set_passwords(settings.postgres, [login])
    environment = {
        **os.environ,
        variable_of("notices"): login,
        "AFTALE_KAFKA": settings.kafka.servers,
        "AFTALE_TOPIC_PREFIX": settings.kafka.prefix,
        "AFTALE_STATE": str(settings.state),
        "AFTALE_CLOCK": "virtual",
        "AFTALE_PORT_NOTICES": str(free_port()),
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.serve", "notices"),
        cwd=PROJECT,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
