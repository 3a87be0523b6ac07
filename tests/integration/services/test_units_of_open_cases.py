"""Offers and the register: what it says late, ahead, again, or has said before a release that listens to it (R40)."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local.foreign_facts import register_of_businesses, unit_fact
from services.offers.lookups.cases_at_units import TELL_OF_UNITS
from services.offers.lookups.units import learn
from services.offers.rules.unit_change_schedule import unit_stream
from services.offers.rules.unit_changes import Owner
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.deadlines.copenhagen import local_day, start_of
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.services.test_offers_service import (
    CVR,
    NOW,
    OTHER_CVR,
    SISTER,
    UNIT,
    Offers,
    _register,
    offer,
    running,
)

pytestmark = pytest.mark.rule("R40")
TODAY = local_day(NOW)


def unit(since: date, cvr: str = OTHER_CVR, p_number: str = UNIT) -> UnitRegistered:
    return UnitRegistered(
        p_number=p_number,
        cvr=cvr,
        name="Made up",
        industry="day-care",
        sector="private",
        size_class="10-34",
        effective_from=since,
    )


async def changes(offers: Offers, agreement_id: str) -> list[Any]:
    told: list[Any] = (await offers.get(f"/v1/offers/{agreement_id}"))["unit_changes"]
    return told


async def until(offers: Offers, agreement_id: str, holds: Callable[[list[Any]], bool]) -> list[Any]:
    async with asyncio.timeout(30):
        while not holds(told := await changes(offers, agreement_id)):
            await asyncio.sleep(0.05)
    return told


async def publish(settings: Settings, *units: UnitRegistered | UnitCeased) -> None:
    async with register_of_businesses(settings) as register:
        await register.publish(unit_fact(one) for one in units)
        await register.until_taken("offers")


async def test_by_the_day_from_which_a_change_holds_whenever_and_however_often_it_is_told(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    await _register(postgres_dsn)
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)
    async with running(settings) as offers:
        agreement_id = await offers.offered_and_delivered()
        ahead = TODAY + timedelta(days=7)
        await publish(settings, unit(ahead), unit(ahead), unit(TODAY, p_number=SISTER))
        assert await changes(offers, agreement_id) == []
        sister = await offers.post("/v1/offers", offer(SISTER))
        assert (sister.status_code, sister.json()["detail"]) == (
            409,
            f"The unit with P-number {SISTER} does not belong to the company with CVR number {CVR}.",
        )
        offers.clock.move_to(start_of(ahead))
        (told,) = await until(offers, agreement_id, bool)
        assert (told["holds_from"], told["cvr"]) == (ahead.isoformat(), OTHER_CVR)
        await publish(settings, UnitCeased(p_number=UNIT, effective_from=TODAY + timedelta(days=3)), unit(ahead))
        between = await until(offers, agreement_id, lambda told: len(told) == 2)
        assert [one["ceased"] for one in between] == [False, True]
        refused = await offers.post(f"/v1/offers/{agreement_id}/acceptance", {"has_read": True}, Role.COMPANY)
        assert (refused.status_code, refused.json()["rule"]) == (409, "R40")
        offers.clock.move_to(NOW + timedelta(days=60))
        withdrawn = await offers.post(f"/v1/offers/{agreement_id}/withdrawal", {"reason": "Enheden er solgt."})
        assert withdrawn.status_code == 200, withdrawn.text
        assert len(await changes(offers, agreement_id)) == 2


async def test_an_offer_that_is_recorded_while_the_change_is_taken_is_told_a_little_later(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    await _register(postgres_dsn)
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)
    async with running(settings) as offers:
        # The change is known and told to the cases that there are; the copy of the register does not have it yet.
        await learn(offers.runtime, UNIT, Owner(TODAY, OTHER_CVR))
        async with asyncio.timeout(30):
            while await _next_due(postgres_dsn) == NOW:
                await asyncio.sleep(0.05)
        agreement_id = await offers.offered_and_delivered()
        assert await changes(offers, agreement_id) == []
        offers.clock.move_to(NOW + timedelta(minutes=11))
        (told,) = await until(offers, agreement_id, bool)
        assert told["cvr"] == OTHER_CVR


async def test_a_release_that_begins_to_listen_catches_up_once_for_open_cases_and_leaves_closed_ones(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    await _register(postgres_dsn)
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)
    ahead = TODAY + timedelta(days=7)
    async with running(settings) as offers:
        opened, accepted = await offers.offered_and_delivered(), await offers.offered_and_delivered(SISTER)
        assert (await offers.accept(accepted)).status_code == 200
        closed = await offers.offered_and_delivered(topic="061")
        withdrawn = await offers.post(f"/v1/offers/{closed}/withdrawal", {"reason": "Sket ved en fejl."})
        assert withdrawn.status_code == 200, withdrawn.text
        declined = await offers.offered_and_delivered(topic="061")
        assert (await offers.post(f"/v1/offers/{declined}/refusal", {}, Role.COMPANY)).status_code == 200
    # The release before kept what the register said, and did nothing about it.
    await _insert(postgres_dsn, UNIT, TODAY)
    await _insert(postgres_dsn, SISTER, ahead)
    for _ in range(2):  # a second start does nothing again
        async with running(settings) as offers:
            (told,) = await until(offers, opened, bool)
            assert told["holds_from"] == TODAY.isoformat()
            assert await changes(offers, closed) == []
            async with asyncio.timeout(30):
                while not await _is_done(postgres_dsn):
                    await asyncio.sleep(0.05)
            assert await _types(postgres_dsn, closed) == ["OfferSent", "OfferDelivered", "Withdrawn"]
            told_after_no = ["OfferSent", "OfferDelivered", "Declined", "UnitChangeNoted"]
            assert await _types(postgres_dsn, declined) == told_after_no, "an inspection may be booked there"
            assert "UnitChangeNoted" not in await _types(postgres_dsn, accepted)
    async with running(settings) as offers:
        offers.clock.move_to(start_of(ahead))
        async with asyncio.timeout(30):
            while "UnitChangeNoted" not in await _types(postgres_dsn, accepted):
                await asyncio.sleep(0.05)
        assert (await _types(postgres_dsn, accepted)).count("UnitChangeNoted") == 1
        assert (await _types(postgres_dsn, str(unit_stream(SISTER)))).count("UnitChangeLearned") == 1


async def _insert(dsn: str, p_number: str, since: date) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "insert into offers.units (p_number, effective_from, cvr, industry) values ($1, $2, $3, 'day-care')",
        p_number,
        since,
        OTHER_CVR,
    )
    await connection.execute("delete from offers.release_steps where name = $1", TELL_OF_UNITS)
    await connection.close()


async def _is_done(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    done = await connection.fetchval("select done_at from offers.release_steps where name = $1", TELL_OF_UNITS)
    await connection.close()
    return done is not None


async def _next_due(dsn: str) -> object:
    connection = await asyncpg.connect(dsn)
    due = await connection.fetchval("select due from offers.timers where stream = $1", unit_stream(UNIT))
    await connection.close()
    return due


async def _types(dsn: str, stream: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select type from offers.events where stream = $1 order by version", UUID(stream))
    await connection.close()
    return [row["type"] for row in rows]
