"""A database of the release before gets its logins in two steps, while processes of that release go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from deploy.local.logins import login_urls
from migrations import schemas
from migrations.lock_retries import LOCK_TIMEOUT
from migrations.logins import make_logins_and_schemas, set_passwords
from migrations.revisions import revision_files
from migrations.schemas import upgrade
from shared.eventstore.logins import variable_of
from shared.messaging.transient_errors import retry_while_transient
from shared.watching.schema import Chain, found_revisions, mismatch
from tests.upgrade.kept_release import KeptRelease

ITS_WRITES = {
    "control": (
        "select ensure_partitions()",
        """insert into events (position, stream, version, epoch, event_id, type, schema_version, data, metadata,
                               occurred_at, recorded_at)
           select newest_position() + 1, gen_random_uuid(), 1, 1, gen_random_uuid(), 'Odd', 1, '{}',
                  '{}', now(), now()""",
        "update events set epoch = epoch where position = 1",
        "update log set epoch = epoch",
        "update relay set checkpoint = checkpoint",
        "delete from timers where stream = gen_random_uuid()",
        "insert into handled (key, fingerprint, position) values (gen_random_uuid(), 'f', 1)",
    ),
    "reporting": (
        "update facts set case_id = case_id where position = 1",
        """insert into facts (position, source, stream, epoch, version, event_id, type, schema_version, data,
                              occurred_at, recorded_at, actor, concerns, case_id, seen_by_company)
           select max(position) + 1, 'odd', gen_random_uuid(), 1, 1, gen_random_uuid(), 'Odd', 1, '{}', now(), now(),
                  'odd', '{}', gen_random_uuid(), true from facts""",
        "delete from cases_rebuilt",
        "select count(*) from v_cases",
        "update checkpoint set position = position",
    ),
}
"""What processes of the release before do with their schema."""


@asynccontextmanager
async def process_of_the_release_before(dsn: str, service: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """As it connects: as the server's owner, working under the role of the service."""
    settings = {"search_path": service, "role": f"aftale_{service}", "application_name": f"aftale-{service}"}
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close()


async def work(connection: "asyncpg.Connection[asyncpg.Record]", service: str, until: asyncio.Event) -> int:
    """Write again and again, as a process does that nobody has told of an upgrade; returns how often it did it all."""
    times = 0
    while not until.is_set():
        for statement in ITS_WRITES[service]:
            await retry_while_transient(partial(connection.execute, statement), service=service)
        times += 1
        await asyncio.sleep(0.005)
    return times


async def test_a_migration_gives_way_to_a_transaction_that_has_begun(release: KeptRelease, empty_database: str) -> None:
    """Who has read a table, and reads one next that a migration has locked, is not ended as a deadlock's loser."""
    await release.restore(empty_database)
    await make_logins_and_schemas(empty_database)
    async with process_of_the_release_before(empty_database, "reporting") as old:
        observer = await asyncpg.connect(empty_database)
        shorter = f"select interval '{LOCK_TIMEOUT}' < current_setting('deadlock_timeout')::interval"
        assert await observer.fetchval(shorter), "else it is PostgreSQL that ends one of the two"
        async with old.transaction():
            await old.execute("select from cases_rebuilt limit 1")
            upgrading = asyncio.create_task(asyncio.to_thread(upgrade, empty_database))
            while not await observer.fetchval(_WAITS_FOR, "reporting.cases_rebuilt"):
                assert not upgrading.done()
                await asyncio.sleep(0.01)
            assert await old.fetch("select from cases")
        assert await upgrading == ["reporting"]
        await observer.close()


async def test_what_runs_after_waits_for_processes_of_another_release(
    release: KeptRelease, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service of this release works meanwhile, and the next run of the migrations goes to the end."""
    *_, waited_for, last = revision_files("event_store")
    monkeypatch.setattr(schemas, "last_before_takeover", lambda chain: {"event_store": waited_for}.get(chain, "head"))
    ships = {"event_store": Chain(list(revision_files("event_store")), waited_for)}
    await release.restore(empty_database)
    observer = await asyncpg.connect(empty_database, server_settings={"search_path": "control"})
    async with process_of_the_release_before(empty_database, "control"):
        assert await asyncio.to_thread(upgrade, empty_database) == ["control"]
        found = await found_revisions(observer, ships)
        assert found == {"event_store": waited_for}
        assert mismatch("control", ships, found) is None
    assert await asyncio.to_thread(upgrade, empty_database) == []
    assert await found_revisions(observer, ships) == {"event_store": last}
    await observer.close()


_WAITS_FOR = "select exists (select from pg_locks where not granted and relation = $1::regclass)"


@pytest.mark.parametrize("service", sorted(ITS_WRITES))
@pytest.mark.rule("R30")
async def test_a_process_of_the_release_before_goes_on_until_it_ends(
    service: str, release: KeptRelease, empty_database: str
) -> None:
    """R30: only once nobody of the release before is connected is history closed to changes."""
    await release.restore(empty_database)
    async with process_of_the_release_before(empty_database, service) as old:
        done = asyncio.Event()
        working = asyncio.create_task(work(old, service, done))
        assert await asyncio.to_thread(upgrade, empty_database) == [service]
        assert await asyncio.to_thread(upgrade, empty_database) == [service], "and any number of times"
        done.set()
        assert await working > 2
        for statement in ITS_WRITES[service]:
            await old.execute(statement)
    assert await asyncio.to_thread(upgrade, empty_database) == []
    url = login_urls(empty_database)[variable_of(service)]
    await set_passwords(empty_database, [url])
    own = await asyncpg.connect(url, server_settings={"search_path": service})
    history = "facts" if service == "reporting" else "events"
    for statement in (f"update {history} set version = version", f"delete from {history}", f"truncate {history}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await own.execute(statement)
    await own.close()
