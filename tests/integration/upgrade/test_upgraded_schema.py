"""Every way to a schema leads to the same one: upgraded from a kept release, or installed today."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from migrations.schemas import upgrade
from tests.integration.fresh_installation import assert_equals_a_fresh_installation
from tests.upgrade.kept_release import KeptRelease

MARKS = "select position, case_id, seen_by_company from reporting.{table} order by position"
OF_THE_RELEASE_BEFORE = """
insert into reporting.facts (position, source, stream, epoch, version, event_id, type, schema_version, data,
                             occurred_at, recorded_at, actor, concerns, case_id, seen_by_company)
select max(position) + 1, 'odd', gen_random_uuid(), 1, 1, gen_random_uuid(), 'Odd', 1, '{}', now(), now(), 'odd', '{}',
       gen_random_uuid(), true from reporting.facts
"""


@pytest.fixture
async def restored(release: KeptRelease, empty_database: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection to a database of the release, and not yet migrated."""
    await release.restore(empty_database)
    connection = await asyncpg.connect(empty_database)
    yield connection
    await connection.close()


async def test_a_schema_upgraded_from_a_kept_release_equals_a_fresh_one(upgraded_database: str) -> None:
    await assert_equals_a_fresh_installation(upgraded_database)


@pytest.mark.rule("R18", "R30")
async def test_what_was_understood_of_a_fact_moves_beside_it(
    restored: "asyncpg.Connection[asyncpg.Record]", empty_database: str
) -> None:
    """R18, R30: of which case it is and who may see it, also where the release before writes afterwards."""
    before = await restored.fetch(MARKS.format(table="facts"))
    assert {row["seen_by_company"] for row in before} == {True, False}
    await asyncio.to_thread(upgrade, empty_database)
    assert await restored.fetch(MARKS.format(table="facts_as_understood")) == before
    await restored.execute(OF_THE_RELEASE_BEFORE)
    marked = await restored.fetch(MARKS.format(table="facts"))
    assert len(marked) == len(before) + 1
    assert await restored.fetch(MARKS.format(table="facts_as_understood")) == marked
