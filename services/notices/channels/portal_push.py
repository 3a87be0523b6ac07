"""The loops of the company portal: one keeps its feed, one pushes entries, each in one process at a time (R29)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Never

import asyncpg
import structlog

from services.notices.channels import portal_feed
from services.notices.channels.portal_settings import PortalSettings
from services.notices.channels.webhook import NotTaken, PushFailure, Taken, Webhook
from services.notices.rules.portal_entry import FeedEntry
from services.notices.rules.tries import pause_after
from shared.eventstore.database import Connection, connect
from shared.messaging.errors import Fenced
from shared.service import Runtime
from shared.telemetry.loops import Heartbeat

if TYPE_CHECKING:
    Leading = asyncpg.Connection[asyncpg.Record]
else:
    Leading = asyncpg.Connection

PORTAL = "portal"
"""What the heartbeat of the webhook waits for while the portal takes nothing."""
_FEED, _WEBHOOK = "portal-feed", "portal-webhook"
"""The loops, each with a lock of this name."""
POLL_SECONDS = 0.5
_ANOTHER_LEADS_SECONDS = 1.0
_AHEAD = 100
"""Entries that are read at once."""
_TOLD_TO = "select told_to from portal_webhook"
_TRIES = "select tries from portal_webhook"
_TAKEN = """
update portal_webhook
set told_to = $2, tries = 0, failure = null, status = null, failed_at = null, again_at = null
where told_to = $1
"""
_NOT_TAKEN = """
update portal_webhook set tries = $2, failure = $3, status = $4, failed_at = $5, again_at = $6 where told_to = $1
"""
_BETWEEN = "select count(*) from portal_entries where position > $1 and position <= $2"
_AGAIN = """
update portal_webhook set told_to = $1, tries = 0, failure = null, status = null, failed_at = null, again_at = null
"""
_log = structlog.get_logger()


def portal_loops(runtime: Runtime) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Returns the loops of the portal by name; entries are pushed only where its address is set. Raises ValueError."""
    settings = PortalSettings.from_environment(runtime.settings.state)
    if settings is None:
        return {_FEED: partial(keep_feed, runtime)}
    webhook = Webhook(settings)
    runtime.at_end.push_async_exit(webhook)
    return {_FEED: partial(keep_feed, runtime), _WEBHOOK: PushLoop(runtime, webhook).run}


async def keep_feed(runtime: Runtime) -> None:
    """R29: makes entries of what is recorded, until cancelled. Raises one of DATABASE_AWAY, or Fenced."""
    heartbeat = runtime.loops.heartbeat(_FEED)

    async def fill(connection: Leading) -> Never:
        while True:
            while await portal_feed.take_facts(connection):
                heartbeat.succeeded()
            heartbeat.succeeded()
            await asyncio.sleep(POLL_SECONDS)

    await _while_leading(runtime, _FEED, heartbeat, fill)


class PushLoop:
    """Pushes the feed from where the portal stands: in order, at least once, and one entry at a time."""

    def __init__(self, runtime: Runtime, webhook: Webhook) -> None:
        self._runtime, self._webhook = runtime, webhook
        self._heartbeat = runtime.loops.heartbeat(_WEBHOOK)
        self._pause_until: datetime | None = None
        self._is_gone = False

    async def run(self) -> None:
        """R29: pushes until cancelled. Raises one of DATABASE_AWAY; then it goes on from where it stands."""
        await _while_leading(self._runtime, _WEBHOOK, self._heartbeat, self._push_all)

    async def _push_all(self, connection: Leading) -> Never:
        self._pause_until = None  # whoever begins tries at once: an operator who mended something starts it again
        while True:
            told_to: int = await connection.fetchval(_TOLD_TO)
            try:
                goes_on = not self._waits() and await self._push_next(connection, told_to)
            except Fenced:  # an operator has the portal told again from another position
                _log.info("portal_is_told_again", stood_at=told_to)
                continue
            if not goes_on:
                await asyncio.sleep(POLL_SECONDS)

    def _waits(self) -> bool:
        """Returns whether nothing may be pushed now: the portal said 410, or a pause between tries is not over."""
        is_paused = self._pause_until is not None and self._runtime.clock.now() < self._pause_until
        if self._is_gone or is_paused:
            self._heartbeat.waiting_for(PORTAL)
            return True
        return False

    async def _push_next(self, connection: Leading, told_to: int) -> bool:
        """Pushes what comes next; returns False if nothing does, or if it was not taken."""
        entries = await portal_feed.read_after(connection, told_to, _AHEAD)
        if not entries:
            self._heartbeat.succeeded()
            return False
        for entry in entries:
            match await self._webhook.push(entry):
                case Taken():
                    await _move(connection, _TAKEN, told_to, entry.position)
                    told_to = entry.position
                    self._heartbeat.succeeded()
                case NotTaken() as failed:
                    await self._note(connection, told_to, entry, failed)
                    return False
        return True

    async def _note(self, connection: Leading, told_to: int, entry: FeedEntry, failed: NotTaken) -> None:
        """Notes a failure as a code, and when it is tried again, by the pauses of the policy."""
        now = self._runtime.clock.now()
        tries = await connection.fetchval(_TRIES) + 1
        self._is_gone = failed.failure is PushFailure.GONE
        again_at = None if self._is_gone else now + self._pause(tries, now)
        await _move(connection, _NOT_TAKEN, told_to, tries, failed.failure.value, failed.status, now, again_at)
        self._pause_until = again_at
        self._heartbeat.waiting_for(PORTAL)
        log = _log.error if self._is_gone else _log.warning
        log(
            "portal_did_not_take",
            position=entry.position,
            failure=failed.failure.value,
            status=failed.status,
            tries=tries,
            again_at=None if again_at is None else again_at.isoformat(),
        )

    def _pause(self, tries: int, now: datetime) -> timedelta:
        return pause_after(tries, self._runtime.policies.at(now))


async def push_again_after(connection: Connection, position: int) -> int | None:
    """R29: has the portal told again what it took after a position; returns how many entries that are.

    None if the portal has not taken that much: nothing is left out. The loop notices at its next step.
    """
    async with connection.transaction():
        told_to: int = await connection.fetchval(f"{_TOLD_TO} for update")
        if position > told_to:
            return None
        entries: int = await connection.fetchval(_BETWEEN, position, told_to)
        await connection.execute(_AGAIN, position)
    return entries


async def _move(connection: Leading, statement: str, told_to: int, *values: object) -> None:
    if await connection.execute(statement, told_to, *values) != "UPDATE 1":
        raise Fenced(f"the portal stood at {told_to}")


async def _while_leading(
    runtime: Runtime, purpose: str, heartbeat: Heartbeat, work: Callable[[Leading], Awaitable[Never]]
) -> Never:
    """Works as long as this process holds the lock of the purpose, which ends with its connection."""
    while True:
        connection = await connect(runtime.settings.postgres_of(runtime.name), runtime.name, purpose=purpose)
        try:
            if await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", f"{purpose}.{runtime.name}"):
                await work(connection)
            heartbeat.succeeded()  # another process leads
            await asyncio.sleep(_ANOTHER_LEADS_SECONDS)
        finally:
            with suppress(Exception):  # a connection that is broken already cannot be closed politely
                await connection.close(timeout=1)
