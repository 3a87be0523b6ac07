"""The tables with evidence, next to the logs that they are about. They are ordinary tables and survive a crash."""

from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

_TABLES = """
create schema lossless;
create table lossless.answers (outcome text, key uuid, events int);
create table lossless.messages  -- offsets continue when the topic was created again, see topic.py
  (partition int, "offset" bigint, source text, stream uuid, version int, event_id uuid);
create table lossless.neighbour_facts  -- facts in one batch with unreadable records
  (partition int, stream uuid, version int, event_id uuid, body text, primary key (stream, version));
create table lossless.planted (token uuid primary key, kind text);  -- records that must be set aside
"""
IS_PLANTED = "(parked.extensions ? 'planted' or parked.body like '%ce\\_planted%')"
"""SQL: whether a row of `parked` is a planted record, and not a fact that failed."""
HOLDS_TOKEN = "(parked.extensions ->> 'planted' = token::text or parked.body like '%' || token || '%')"  # noqa: S105
"""SQL: whether a row of `parked` is the planted record with this token."""


async def make_tables(connection: Connection) -> None:
    """Creates the tables."""
    await connection.execute(_TABLES)
