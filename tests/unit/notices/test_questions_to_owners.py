"""Owners are asked a few questions at once, each for everybody who waits to ask it, and never too early (R29)."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.notices.lookups.owners import Address, Owners, Parties
from shared.eventstore.errors import HoldBack
from shared.messaging.bus import Kafka
from shared.service import Settings

pytestmark = pytest.mark.rule("R29")
AT_ONCE = 8
PARTIES: dict[str, object] = {"cvr": "13748136", "p_number": "1003388394", "unit": None, "topic": "056", "contacts": []}


class Answering:
    """The owners, who answer when a test lets them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.under_way = self.most_under_way = 0
        self.may_answer = asyncio.Event()
        self.status = 200

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await self.may_answer.wait()
        self.under_way -= 1
        body = PARTIES if "parties" in request.url.path else {"name": str(len(self.asked)), "email": None}
        return httpx.Response(self.status, json=body)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    answering = Answering()
    transport = httpx.MockTransport(answering.handle)
    monkeypatch.setattr(httpx, "AsyncClient", partial(httpx.AsyncClient, transport=transport))
    return answering


@pytest.fixture
async def owners(answering: Answering, tmp_path: Path) -> AsyncIterator[Owners]:
    async with Owners(Settings("", Kafka("", ""), tmp_path, virtual_clock=True)) as owners:
        yield owners


async def _a_moment() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_only_a_few_questions_are_under_way(answering: Answering, owners: Owners) -> None:
    asking = [asyncio.create_task(owners.parties(UUID(int=number))) for number in range(50)]
    await _a_moment()
    answering.may_answer.set()
    assert all(isinstance(told, Parties) for told in await asyncio.gather(*asking))
    assert (len(answering.asked), answering.most_under_way) == (50, AT_ONCE)


async def test_who_waits_to_ask_the_same_shares_the_answer(answering: Answering, owners: Owners) -> None:
    before = [asyncio.create_task(owners.parties(UUID(int=number))) for number in range(AT_ONCE)]
    await _a_moment()
    first, second, called_off = (asyncio.create_task(owners.address("anna")) for _ in range(3))
    await _a_moment()
    called_off.cancel()
    await _a_moment()
    answering.may_answer.set()
    await asyncio.gather(*before)
    assert await first == await second == Address(name=str(AT_ONCE + 1), email=None)
    assert answering.asked.count("/v1/people/anna/address") == 1


async def test_no_answer_began_before_its_question(answering: Answering, owners: Owners) -> None:
    first = asyncio.create_task(owners.address("anna"))
    await _a_moment()
    assert len(answering.asked) == 1
    second = asyncio.create_task(owners.address("anna"))
    await _a_moment()
    assert len(answering.asked) == 2, "what is under way may have been answered before"
    answering.may_answer.set()
    await asyncio.gather(first, second)


async def test_everybody_who_shares_hears_that_the_owner_is_away(answering: Answering, owners: Owners) -> None:
    answering.status = 503
    answering.may_answer.set()
    told = await asyncio.gather(*(owners.address("anna") for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [HoldBack] * 3
    assert len(answering.asked) == 1
