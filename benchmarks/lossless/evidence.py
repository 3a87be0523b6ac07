"""The tables in which evidence is kept, beside the logs that it is about. Ordinary ones: they outlive a crash."""

from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

_TABLES = """
create schema lossless;
create table lossless.told (outcome text, key uuid, events int);
create table lossless.heard  -- offsets go on counting where the topic was made anew, see topic.py
  (partition int, "offset" bigint, source text, stream uuid, version int, event_id uuid);
create table lossless.beside  -- facts that lie on the topic beside records that do not read
  (partition int, stream uuid, version int, event_id uuid, body text, primary key (stream, version));
create table lossless.planted (token uuid primary key, kind text);  -- records that must be set aside
"""
IS_PLANTED = "(parked.extensions ? 'planted' or parked.body like '%ce\\_planted%')"
"""Of a row of parked: whether it is a record that was planted, and not a fact that could not be taken."""
HOLDS_TOKEN = "(parked.extensions ->> 'planted' = token::text or parked.body like '%' || token || '%')"  # noqa: S105
"""Of rows of parked and planted: whether the first is the second, set aside."""


async def make_tables(connection: Connection) -> None:
    """Before anything is written."""
    await connection.execute(_TABLES)
