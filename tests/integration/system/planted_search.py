"""Looks for planted words in everything that a system keeps: topics, tables, files and mail folders."""

import base64
import mailbox
from collections.abc import Iterable, Iterator
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from shared.messaging.bus import Kafka


def holding(word: str, texts: Iterable[str]) -> list[str]:
    """Those with the word in them, as it is."""
    return [text for text in texts if word in text]


def holding_encoded(word: str, texts: Iterable[str]) -> list[str]:
    """Those with the word in them: as it is in any case, as the hexadecimal digits of a bytea, or in base64."""
    encoded = tuple(_in_base64(word.encode(), behind) for behind in range(3))
    plain = (word.casefold(), word.encode().hex())
    return [
        text for text in texts if any(one in text for one in encoded) or any(one in text.casefold() for one in plain)
    ]


def _in_base64(word: bytes, behind: int) -> str:
    """The letters that depend on the word alone, where so many bytes, counted by three, come before it."""
    letters = base64.b64encode(b"\0" * behind + word).decode().rstrip("=")
    first = (0, 2, 3)[behind]
    return letters[first : (behind + len(word)) * 8 // 6]


def texts_of(files: Iterable[Path]) -> list[str]:
    """The contents of files."""
    return [file.read_text(errors="replace") for file in files]


def mails_in(folder: Path) -> list[str]:
    """Every message of a maildir: as it lies there, and as somebody reads it."""
    return ["\n".join(_parts(one)) for one in mailbox.Maildir(folder, create=False)]


def _parts(message: Message) -> Iterator[str]:
    yield message.as_string()
    yield from (str(make_header(decode_header(value))) for value in message.values())
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content.decode(part.get_content_charset() or "utf-8", "replace")


async def everything_on(cluster: Kafka) -> list[str]:
    """Every message of every topic of the system, with key and headers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.servers)
    await admin.start()
    topics = [topic for topic in await admin.list_topics() if topic.startswith(cluster.prefix)]
    await admin.close()
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=cluster.servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        texts: list[str] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                texts += [repr((record.key, record.value, record.headers)) for record in records]
        return texts
    finally:
        await consumer.stop()


async def everything_in(dsn: str) -> dict[str, list[str]]:
    """Every row of every table as text, by schema."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            """select schemaname as schema, format('%I.%I', schemaname, tablename) as name from pg_tables
               where schemaname not in ('pg_catalog', 'information_schema')"""
        )
        rows: dict[str, list[str]] = {}
        for table in tables:
            whole = await connection.fetch(f"select row(t.*)::text as whole from {table['name']} t")
            rows.setdefault(table["schema"], []).extend(row["whole"] for row in whole)
        return rows
    finally:
        await connection.close()
