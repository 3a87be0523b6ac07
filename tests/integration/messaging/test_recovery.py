"""A database that lacks own facts takes them back from Kafka; what it cannot take back raises its epoch."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.ports import free_port
from deploy.local.servers import Servers
from shared.eventstore.change import IdempotencyKey
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import EventTypes, Metadata
from shared.eventstore.personal_data_erasure import Erasures
from shared.messaging import published_facts
from shared.messaging.bus import Bus, Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.reactor import Reactor
from shared.messaging.recovered_commands import RecoveredCommands
from shared.messaging.recovery_from_kafka import Outcome
from shared.messaging.recovery_writes import RECOVERED
from shared.messaging.start_check import StartCheck
from tests.integration.eventstore.counter import COUNTER, FACTS, Count, SetAlarm
from tests.integration.messaging.reacting import NOW, Bench, message, open_bench
from tests.integration.messaging.restored import (
    SOURCE,
    TOPIC,
    backup_of,
    delete_topic,
    events,
    make_topic,
    own_topic,
    publishing,
    recovery,
    rows,
    side_rows,
)

RINGS = datetime(2099, 1, 1, tzinfo=UTC)


async def give(source: Bench, stream: UUID, *commands: Count | SetAlarm, command_id: UUID | None = None) -> None:
    for command in commands:
        metadata = Metadata(
            command_id=command_id or uuid4(),
            actor="tester",
            on_behalf_of="somebody",
            causation=f"there/{stream}/7",
            policy="2024-01-01",
        )
        key = None if command_id is None else (lambda _: IdempotencyKey(command_id, "asked", "{}"))
        await execute(source.store, [Intent(COUNTER, stream, command)], at=NOW, metadata=metadata, key=key)


async def publish(kafka: Kafka, *facts: Message) -> None:
    """Past the relay, as a history would have that this database knows nothing of."""
    async with AIOKafkaProducer(bootstrap_servers=kafka.servers) as producer:
        for fact in facts:
            key = str(fact.stream).encode()
            await producer.send_and_wait(kafka.name(TOPIC), fact.body.encode(), key=key, headers=fact.headers())


def own(stream: UUID, version: int, **changes: Any) -> Message:
    return message(stream, version, **{"source": SOURCE, "event_id": uuid5(stream, str(version)), **changes})


async def test_what_was_lost_comes_back_as_it_was(servers: Servers, postgres_dsn: str, kafka: str) -> None:
    async with own_topic(kafka) as cluster:
        streams = [uuid4() for _ in range(30)]
        async with publishing(postgres_dsn, cluster) as source:
            for stream in streams[:20]:
                await give(source, stream, Count(1))
            await give(source, streams[0], SetAlarm(RINGS), Count(98))
        async with backup_of(servers, postgres_dsn) as restored:
            async with publishing(postgres_dsn, cluster) as source:
                for number, stream in enumerate(streams[10:]):
                    await give(source, stream, Count(2, note="in private"), SetAlarm(RINGS + timedelta(days=number)))
                await give(source, streams[0], Count(1), SetAlarm(RINGS + timedelta(days=365)))
            async with open_bench(restored) as bench:
                found = await recovery(bench, cluster).run()
                again = await recovery(bench, cluster).run()
            assert (found, again) == (Outcome(recovered=42), Outcome())
            assert await events(restored) == await events(postgres_dsn)
            before, after = await side_rows(postgres_dsn), await side_rows(restored)
            assert after == before
            assert len(after["timers"]) == 21
            assert after["reservations"] == [("the-hundred", streams[0])]
            assert await rows(restored, "select array_agg(position order by position) from events") == [
                (list(range(1, 65)),)
            ]
            assert await rows(restored, "select checkpoint from relay") == [(64,)], "nothing is published once more"
            assert await rows(restored, "select count(*) from events where private is not null") == [(0,)]
            private = "select stream, version from recovered_facts where 'note' = any(private_fields) order by 1, 2"
            assert {stream for stream, _ in await rows(restored, private)} == {streams[0], *streams[10:]}


async def test_a_database_that_is_new_takes_everything_back(
    servers: Servers, postgres_dsn: str, other_postgres_dsn: str, kafka: str
) -> None:
    async with own_topic(kafka) as cluster:
        async with publishing(postgres_dsn, cluster) as source:
            await asyncio.gather(*(give(source, uuid4(), Count(1), SetAlarm(RINGS)) for _ in range(400)))
        async with open_bench(other_postgres_dsn) as bench:
            assert await recovery(bench, cluster).run() == Outcome(recovered=800)
            stream = (await rows(postgres_dsn, "select id from streams limit 1"))[0][0]
            await give(bench, stream, Count(5))
            assert (await bench.counter(stream)).total == 6
        assert (await events(other_postgres_dsn)) != await events(postgres_dsn)
        assert len(await events(other_postgres_dsn)) == 801


async def test_a_gap_raises_the_epoch_and_what_comes_before_it_is_taken(postgres_dsn: str, kafka: str) -> None:
    async with own_topic(kafka) as cluster, open_bench(postgres_dsn) as bench:
        gapped, whole = uuid4(), uuid4()
        await publish(cluster, own(gapped, 1), own(whole, 1), own(gapped, 3), own(whole, 2))
        assert await recovery(bench, cluster).run() == Outcome(recovered=3, unrecoverable=1)
        assert await rows(postgres_dsn, "select stream, version, reason from unrecoverable_facts") == [
            (gapped, 3, "version 2 is missing")
        ]
        await give(bench, gapped, Count(1))
        found = await rows(postgres_dsn, "select version, epoch from events where stream = $1 order by 1", gapped)
        assert found == [(1, 1), (2, 2)], "others have version 3 already, and take what is recorded now all the same"


async def test_another_fact_than_others_have_taken_is_published_again_under_a_new_epoch(
    postgres_dsn: str, other_postgres_dsn: str, kafka: str
) -> None:
    async with own_topic(kafka) as cluster, open_bench(other_postgres_dsn) as reader:
        bus = Bus(cluster, "here")
        bus.consume(TOPIC, reader.reactor, purpose="reactions")
        async with bus.connected():
            stream = uuid4()
            await publish(cluster, own(stream, 1, by=1), own(stream, 2, by=10), own(stream, 3, by=100))
            async with asyncio.timeout(60):
                while await reader.total() < 111:
                    await asyncio.sleep(0.02)
            async with open_bench(postgres_dsn) as bench:  # restored, and Kafka was away at its start
                await give(bench, stream, Count(200), Count(300))
                found = await recovery(bench, cluster).run()
            assert found.recovered == 0
            async with publishing(postgres_dsn, cluster) as source:
                await give(source, stream, Count(5))
                async with asyncio.timeout(60):
                    while await reader.total() < 616:
                        await asyncio.sleep(0.02)
            assert (await reader.total(), await reader.parked()) == (616, [])
        async with open_bench(postgres_dsn) as bench:
            await rows(postgres_dsn, "delete from own_records_checked returning 1")
            assert await recovery(bench, cluster).run() == Outcome(), "the epoch tells the ended history from this one"


async def test_a_start_reads_only_what_came_since_the_last_check(
    postgres_dsn: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Message] = []
    async with own_topic(kafka) as cluster:
        async with publishing(postgres_dsn, cluster) as source:
            await asyncio.gather(*(give(source, uuid4(), Count(1)) for _ in range(100)))
        async with open_bench(postgres_dsn) as bench:
            await recovery(bench, cluster).keep_checked()
            found = published_facts._own_facts

            def seen(records: object, source: str) -> object:
                facts = list(found(records, source))  # type: ignore[arg-type]
                read.extend(facts)
                return iter(facts)

            monkeypatch.setattr(published_facts, "_own_facts", seen)
            lost = uuid4()
            await publish(cluster, own(lost, 1))
            assert await recovery(bench, cluster).run() == Outcome(recovered=1)
        assert [fact.stream for fact in read] == [lost]


async def test_a_database_that_was_put_back_under_a_running_service_is_not_noted_as_checked(
    postgres_dsn: str, kafka: str
) -> None:
    async with own_topic(kafka) as cluster, open_bench(postgres_dsn) as bench:
        await recovery(bench, cluster).run()
        await publish(cluster, own(uuid4(), 1))
        await recovery(bench, cluster).keep_checked()
        assert await recovery(bench, cluster).run() == Outcome(recovered=1)


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(postgres_dsn: str, kafka: str) -> None:
    async with own_topic(kafka) as cluster, open_bench(postgres_dsn) as bench:
        stream = uuid4()
        await publish(cluster, own(stream, 1), own(stream, 2))
        assert await recovery(bench, cluster).run() == Outcome(recovered=2)
        await delete_topic(cluster)
        async with asyncio.timeout(30):
            while True:
                try:
                    await make_topic(cluster)
                    await publish(cluster, *(own(stream, version) for version in range(1, 6)))
                    break
                except Exception:  # the deletion takes a moment
                    await asyncio.sleep(0.2)
        assert await recovery(bench, cluster).run() == Outcome(recovered=3)


async def test_a_fact_that_does_not_read_is_told_and_holds_up_nothing(postgres_dsn: str, kafka: str) -> None:
    async with own_topic(kafka) as cluster, open_bench(postgres_dsn) as bench:
        bad, good = uuid4(), uuid4()
        unheard = own(bad, 2, type="Unheard")
        year_one = own(uuid4(), 1, occurred_at=datetime(1, 1, 1, tzinfo=UTC))
        headers = [
            (name, b"0001-01-01T00:00:00+01:00" if name == "ce_time" else value) for name, value in year_one.headers()
        ]
        await publish(cluster, own(bad, 1), unheard, own(bad, 3), own(uuid4(), 1, body="{"), own(good, 1))
        async with AIOKafkaProducer(bootstrap_servers=cluster.servers) as producer:
            await producer.send_and_wait(cluster.name(TOPIC), b"{}", headers=headers)
        found = await recovery(bench, cluster).run()
        assert (found.recovered, found.unrecoverable) == (2, 3)
        assert await rows(postgres_dsn, "select count(*) from events where stream = $1", good) == [(1,)]


async def test_a_reaction_whose_facts_came_back_is_not_repeated(
    servers: Servers, postgres_dsn: str, kafka: str
) -> None:
    async with own_topic(kafka) as cluster:
        heard = message(uuid4(), 1, by=7)
        async with backup_of(servers, postgres_dsn) as restored:
            async with publishing(postgres_dsn, cluster) as source:
                await source.take(heard)
                assert await source.total() == 7
                sum_of = source.sum_of
            async with open_bench(restored) as bench:
                bench.sum_of = sum_of
                assert await recovery(bench, cluster).run() == Outcome(recovered=1)
                bench.reactor = Reactor(
                    bench.database,
                    bench.store,
                    bench.reactor._clock,
                    EventTypes(FACTS),
                    bench.reactor._reactions,
                    own_source="here",
                    ask_again=bench.ask_again,
                    done_before=RecoveredCommands(bench.database).streams,
                )
                await bench.take(heard)
                assert (await bench.total(), bench.reactions) == (7, 1)
                await bench.take(message(heard.stream, 2, by=3))
                assert await bench.total() == 10
            assert await events(restored) != await events(postgres_dsn)


async def test_a_key_whose_command_came_back_counts_as_used(servers: Servers, postgres_dsn: str, kafka: str) -> None:
    async with own_topic(kafka) as cluster, backup_of(servers, postgres_dsn) as restored:
        key = uuid4()
        async with publishing(postgres_dsn, cluster) as source:
            await give(source, uuid4(), Count(1), command_id=key)
        async with open_bench(restored) as bench:
            await recovery(bench, cluster).run()
        assert await rows(restored, "select key, fingerprint, answer from handled") == [(key, RECOVERED, None)]


@pytest.mark.parametrize("restored", [False, True])
async def test_while_kafka_is_away_only_a_restored_service_waits(
    restored: bool, postgres_dsn: str, tmp_path: Path
) -> None:
    if restored:
        await rows(postgres_dsn, "insert into restores (backup_made_at) values (now()) returning id")
    async with open_bench(postgres_dsn) as bench:
        away = Kafka(f"127.0.0.1:{free_port()}")
        check = StartCheck(recovery(bench, away), Erasures.of_state(tmp_path, SOURCE), bench.database)
        async with check.under_way(keep_checked=False):
            async with asyncio.timeout(30):
                while not restored and not check.may_act.is_set():
                    await asyncio.sleep(0.02)
            assert (check.may_act.is_set(), check.checked.is_set()) == (not restored, False)


async def test_erasures_are_carried_out_before_anything_else(
    servers: Servers, postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    erasures = Erasures.of_state(tmp_path, SOURCE)
    old, new = uuid4(), uuid4()
    keys = "select stream, about, key is null from private_keys order by stream = $1 desc, about"
    async with own_topic(kafka) as cluster:
        async with publishing(postgres_dsn, cluster) as source:
            await give(source, old, Count(1, note="in private", person="p1", remark="shy"))
        async with backup_of(servers, postgres_dsn) as restored:
            async with publishing(postgres_dsn, cluster) as source:
                await give(source, new, Count(1, note="in private too"))
                assert await erasures.erase(source.database, [(old, "p1")])
                assert await erasures.erase(source.database, [(new, "")])
                assert not await erasures.erase(source.database, [(new, "")])
            assert await rows(restored, keys, old) == [(old, "", False), (old, "p1", False)]
            async with open_bench(restored) as bench:
                check = StartCheck(recovery(bench, cluster), erasures, bench.database)
                async with check.under_way(keep_checked=False):
                    assert await rows(restored, keys, old) == [(old, "", False), (old, "p1", True), (new, "", True)]
                    async with asyncio.timeout(30):
                        await check.checked.wait()
                    (first,) = (await bench.store.load(old, readable=True)).events
                    assert (first.event.note, first.event.remark) == ("in private", None)  # type: ignore[attr-defined]
