"""Copies once the offsets that consumers had committed to Kafka into the services' databases, which now keep them.

The services must be stopped. The committed offsets may be ahead of the effects, so all published facts are compared
with what was received (docs/operations/when-something-waits.md).
"""

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from migrations.topics import connected_admin
from shared.messaging.kafka_login import KafkaLogin

BECAUSE = "positions were taken over from what Kafka had committed"
_GROUPS = {
    "offers": {"reactions": ("agreements", "reactions"), "register": ("register", "register")},
    "guidance": {"reactions": ("agreements", "reactions")},
    "control": {"reactions": ("agreements", "reactions"), "orders": ("orders", "reactions")},
    "reporting": {
        "projection": ("agreements", "projection"),
        "orders": ("orders", "projection"),
        "register": ("register", "projection"),
    },
}
"""By service and consumer: its topic, and the purpose of the consumer group that committed for it."""
_ANSWERING = {"republish": ("republish", "republish")}


async def seed_positions(dsn: str, kafka: str, *, prefix: str, login: KafkaLogin | None = None) -> list[str]:
    """Copies the offsets of services that have processed facts and have no positions yet; returns these services."""
    connection = await asyncpg.connect(dsn)
    admin = await connected_admin(kafka, login=login)
    try:
        return [service for service in _GROUPS if await _seed(connection, admin, service, prefix)]
    finally:
        await admin.close()
        await connection.close()


async def _seed(
    connection: "asyncpg.Connection[asyncpg.Record]", admin: AIOKafkaAdminClient, service: str, prefix: str
) -> bool:
    """Copies the offsets of one service if it has none yet; returns whether it did.

    A service that never processed a fact starts at the beginning: its database may be new, and Kafka's offsets old.
    """
    wanted = await connection.fetchval(
        f"""select exists (select from "{service}".inbox) and not exists (select from "{service}".consumer_positions)"""
    )
    if not wanted:
        return False
    consumers = _GROUPS[service] | ({} if service == "reporting" else _ANSWERING)
    rows = [
        (consumer, partition.topic, partition.partition, committed.offset)
        for consumer, (topic, purpose) in consumers.items()
        for partition, committed in (
            await admin.list_consumer_group_offsets(f"{prefix}aftale-{service}-{purpose}")
        ).items()
        if partition.topic == f"{prefix}{topic}" and committed.offset >= 0
    ]
    async with connection.transaction():
        await connection.executemany(
            f"""insert into "{service}".consumer_positions (consumer, topic, partition, next_offset)
                values ($1, $2, $3, $4) on conflict do nothing""",
            rows,
        )
        await connection.execute(
            f"""insert into "{service}".compared_sources (source, full_because)
                select distinct source, $1 from "{service}".inbox on conflict (source) do nothing""",
            BECAUSE,
        )
    return True
