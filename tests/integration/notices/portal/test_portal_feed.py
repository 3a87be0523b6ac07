"""The feed tells what companies were told in the order of the log, without gaps, also after a restore (R18, R29)."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notices.channels.portal_feed import AT_ONCE, SPAN, read_after, take_facts
from services.notices.rules.portal_entry import FeedEntry
from shared.contracts import notices
from shared.contracts.notices import MatterEnded, Occasion, Recipient, Untold
from shared.eventstore.database import Connection as OfPool
from shared.eventstore.database import Database, connect, open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.messaging.errors import Fenced
from tests.integration.notices.portal.told_cases import AT, CVR, OTHER_CVR, ToldCases, raised, sent

pytestmark = pytest.mark.rule("R29")
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with open_database(postgres_dsn, "notices") as opened:
        yield opened


@pytest.fixture
async def cases(database: Database) -> AsyncIterator[ToldCases]:
    async with EventStore(database, EventTypes(notices.FACTS)) as store:
        yield ToldCases(store)


@pytest.fixture
async def loop(postgres_dsn: str) -> AsyncIterator[Connection]:
    """The connection of the loop that keeps the feed."""
    connection = await connect(postgres_dsn, "notices", purpose="portal-feed")
    try:
        yield connection
    finally:
        await connection.close()


async def acknowledge(connection: Connection) -> None:
    """As the relay does once Kafka has everything."""
    await connection.execute("update relay set checkpoint = newest_position()")


async def waits_for_lock(connection: OfPool) -> None:
    """Returns once somebody waits for a lock in this database."""
    waiting = "select exists (select from pg_locks where not granted)"
    async with asyncio.timeout(20):
        while not await connection.fetchval(waiting):
            await asyncio.sleep(0.02)


async def filled(connection: Connection) -> list[FeedEntry]:
    """The whole feed, once everything is acknowledged and taken."""
    await acknowledge(connection)
    while await take_facts(connection):
        pass
    return [*await read_after(connection, 0, 10_000)]


async def test_entries_come_in_the_order_of_the_log(cases: ToldCases, loop: Connection) -> None:
    one, other = await cases.begin(), await cases.begin(OTHER_CVR)
    told = [await cases.tell(case) for case in (one, other, other, one)]
    entries = await filled(loop)
    assert [entry.matter_id for entry in entries] == told
    assert [entry.cvr for entry in entries] == [CVR, OTHER_CVR, OTHER_CVR, CVR]
    assert [entry.position for entry in entries] == [1, 2, 3, 4]


async def test_the_feed_is_read_again_from_any_position(cases: ToldCases, loop: Connection) -> None:
    case = await cases.begin()
    for _ in range(5):
        await cases.tell(case)
    whole = await filled(loop)
    for after in range(6):
        assert await read_after(loop, after, 10) == whole[after:]
        assert await read_after(loop, after, 2) == whole[after : after + 2]


async def test_what_is_recorded_later_is_told_later_and_nothing_twice(cases: ToldCases, loop: Connection) -> None:
    case = await cases.begin()
    first = [await cases.tell(case)]
    assert [entry.matter_id for entry in await filled(loop)] == first
    later = [await cases.tell(case), await cases.tell(case)]
    assert [entry.matter_id for entry in await filled(loop)] == [*first, *later]
    assert not await take_facts(loop)


async def test_what_kafka_has_not_acknowledged_is_not_told(cases: ToldCases, loop: Connection) -> None:
    """A restore would lose it: then the portal would know of what the service does not know."""
    case = await cases.begin()
    await cases.tell(case)
    assert not await take_facts(loop)
    assert await read_after(loop, 0, 10) == []


@pytest.mark.rule("R18")
async def test_what_is_told_to_the_authority_alone_leaves_no_gap(cases: ToldCases, loop: Connection) -> None:
    """Two days before a hidden visit the inspector is told: no number, no gap and no empty page says so."""
    case = await cases.begin()
    await cases.tell(case)
    hidden = raised(case, Recipient.VISITOR, Occasion.CONTROL_SOON)
    await cases.record(case, [hidden, sent(hidden)])
    await cases.tell(case, Recipient.INSPECTOR)
    await cases.tell(case, Recipient.LEADER)
    await cases.tell(case, Recipient.SAFETY_REPRESENTATIVE)
    entries = await filled(loop)
    assert [(entry.position, entry.recipient) for entry in entries] == [
        (1, Recipient.UNIT_MANAGER),
        (2, Recipient.SAFETY_REPRESENTATIVE),
    ]


@pytest.mark.rule("R18")
async def test_a_company_reads_its_own_by_numbers_that_count_no_others(cases: ToldCases, loop: Connection) -> None:
    one, other = await cases.begin(), await cases.begin(OTHER_CVR)
    told = [await cases.tell(case) for case in (other, one, other, other, one, one)]
    await filled(loop)
    own = await read_after(loop, 0, 10, CVR)
    assert [(entry.position, entry.matter_id) for entry in own] == [(1, told[1]), (2, told[4]), (3, told[5])]
    assert await read_after(loop, 1, 1, CVR) == own[1:2]
    assert await read_after(loop, 0, 10, "10000000") == []
    again = await cases.tell(one)
    await filled(loop)
    assert [(entry.position, entry.matter_id) for entry in await read_after(loop, 3, 10, CVR)] == [(4, again)]


async def test_a_long_stretch_without_entries_is_passed(cases: ToldCases, loop: Connection) -> None:
    case = await cases.begin()
    matter = raised(case, Recipient.INSPECTOR)
    for _ in range(3):
        ended = MatterEnded(agreement_id=case, matter_id=matter.matter_id, why=Untold.SETTLED, ended_at=AT)
        await cases.record(case, [ended] * (AT_ONCE // 2))
    told = await cases.tell(case)
    assert [entry.matter_id for entry in await filled(loop)] == [told]


async def test_of_two_that_keep_the_feed_at_once_one_gives_way(
    cases: ToldCases, loop: Connection, database: Database
) -> None:
    case = await cases.begin()
    told = [await cases.tell(case)]
    await acknowledge(loop)

    async with database.acquire() as other:
        async with other.transaction():
            await other.execute("update portal_feed set taken_to = taken_to + 1")
            taking = asyncio.create_task(take_facts(loop))
            await waits_for_lock(other)
        with pytest.raises(Fenced):
            await taking
    assert await read_after(loop, 0, 10) == []
    await loop.execute("update portal_feed set taken_to = 0")
    assert [entry.matter_id for entry in await filled(loop)] == told


@pytest.mark.parametrize(
    "mark",
    [
        "update log set epoch = epoch + 1",
        "insert into restores (backup_made_at) values (now())",
        "insert into recovered_facts values (gen_random_uuid(), 1, gen_random_uuid(), 'NoticeSent', '{}')",
    ],
)
async def test_after_a_restore_entries_begin_at_another_number_so_that_nothing_is_missed(
    cases: ToldCases, loop: Connection, mark: str
) -> None:
    """The portal has read up to 4; the backup had 2, and what Kafka gave back came in another order."""
    case = await cases.begin()
    told = [await cases.tell(case) for _ in range(2)]
    await filled(loop)
    await loop.execute(mark)
    told += [await cases.tell(case) for _ in range(3)]
    positions = [(entry.position, entry.matter_id) for entry in await filled(loop)]
    assert positions == list(zip([1, 2, SPAN + 1, SPAN + 2, SPAN + 3], told, strict=True))
    assert [entry.matter_id for entry in await read_after(loop, 4, 10)] == told[2:]
    assert [entry.position for entry in await read_after(loop, 2, 10, CVR)] == [SPAN + 1, SPAN + 2, SPAN + 3]
    later = await cases.tell(case)
    assert (await filled(loop))[-1].matter_id == later
    assert (await filled(loop))[-1].position == SPAN + 4


async def test_an_entry_keeps_its_id(cases: ToldCases, loop: Connection) -> None:
    case = await cases.begin()
    await cases.tell(case)
    (entry,) = await filled(loop)
    event: UUID = await loop.fetchval("select event_id from events where type = 'NoticeSent'")
    assert entry.entry_id == event
    assert entry.entry_id != uuid4()
