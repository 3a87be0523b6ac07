"""Says how far the company portal has been told, and what the last try failed with, also while notices are stopped."""

from datetime import datetime
from typing import Any

from deploy.local.asked_of_databases import Connection, asked, in_schema
from deploy.local.quantities import quantity

_PORTAL = """
select (select count(*) from portal_entries where position > webhook.told_to) as waiting,
       (select entry ->> 'at' from portal_entries where position > webhook.told_to order by position limit 1) as since,
       (select coalesce(max(position), 0) from portal_entries) as newest,
       webhook.told_to, webhook.tries, webhook.failure, webhook.status, webhook.failed_at, webhook.again_at
from portal_webhook webhook
"""
_GONE = "gone"


def portal_line(administrator: str) -> str:
    """R29: returns what an operator reads of the company portal."""

    async def of_portal(connection: Connection) -> list[str]:
        return [in_words(await connection.fetchrow(_PORTAL))]

    (line,) = asked(administrator, lambda connection: in_schema(connection, "notices", of_portal))
    return line


def in_words(found: Any) -> str:
    """Returns what stands in the tables of the portal, in words."""
    if not found["told_to"] and found["failure"] is None:
        return f"nothing was pushed yet, as AFTALE_PORTAL_URL of notices asks for; the feed stands at {found['newest']}"
    if not found["waiting"]:
        return f"told everything, up to {found['newest']}"
    since = datetime.fromisoformat(found["since"])
    waiting = f"{quantity(found['waiting'], 'entry', 'entries')} not told, the oldest since {_moment(since)}"
    if found["failure"] is None:
        return waiting
    status = "" if found["status"] is None else f" {found['status']}"
    failed = f"{quantity(found['tries'], 'try', 'tries')} failed, the last with {found['failure']}{status}"
    return f"{waiting}; {failed} at {_moment(found['failed_at'])}; {_again(found)}"


def _again(found: Any) -> str:
    if found["failure"] == _GONE:
        return "the portal wants nothing more, and nothing is sent until the service starts again"
    return f"tried again at {_moment(found['again_at'])}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
