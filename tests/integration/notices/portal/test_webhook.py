"""A push is signed, goes to public addresses only and to the one that was checked, and says what became of it (R29)."""

import asyncio
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from services.notices.channels.portal_settings import PortalSettings
from services.notices.channels.public_addresses import Resolve, resolved
from services.notices.channels.webhook import NotTaken, PushFailure, Taken, Webhook, body_of, signed
from services.notices.rules.portal_entry import EntryStatus, FeedEntry
from shared.contracts.notices import Occasion, Recipient
from tests.integration.notices.portal.portal_server import (
    HOST,
    NEWER_SECRET,
    SECRET,
    Portal,
    breaking_server,
    portal_server,
    settings_of,
)

pytestmark = pytest.mark.rule("R29")
AT = datetime(2026, 3, 5, 9, tzinfo=UTC)
NAME = "portal.example"
ENTRY = FeedEntry(
    position=7,
    entry_id=UUID(int=7),
    status=EntryStatus.TOLD,
    why=None,
    occasion=Occasion.OFFER_WAITING,
    recipient=Recipient.UNIT_MANAGER,
    agreement_id=UUID(int=1),
    matter_id=UUID(int=2),
    cvr="13748136",
    p_number="1003388394",
    message_id="id@notices.aftale.invalid",
    at=AT,
    latest_at=AT + timedelta(days=14),
    link="/v1/offers/1",
)


async def push(settings: PortalSettings, resolve: Resolve = resolved) -> Taken | NotTaken:
    async with Webhook(settings, resolve) as webhook:
        return await webhook.push(ENTRY)


class Names:
    """A resolver that answers as a test says, another time another answer."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


async def test_a_push_is_verified_by_the_package_for_receivers_and_has_the_entry_as_the_feed_has_it() -> None:
    async with portal_server(Portal()) as portal:
        assert await push(settings_of(portal.port)) == Taken()
    assert portal.taken == [
        {"type": "notice.told", "timestamp": "2026-03-05T09:00:00Z", "data": ENTRY.model_dump(mode="json")}
    ]
    headers = portal.seen[0]
    assert headers["webhook-id"] == str(ENTRY.entry_id)
    assert headers["host"] == f"{HOST}:{portal.port}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


@pytest.mark.parametrize("secret", [SECRET, NEWER_SECRET])
async def test_while_a_secret_is_replaced_either_one_verifies(secret: str) -> None:
    async with portal_server(Portal(secret=secret)) as portal:
        assert await push(settings_of(portal.port, secrets=(NEWER_SECRET, SECRET))) == Taken()
    assert portal.seen[0]["webhook-signature"].count("v1,") == 2


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "body"])
def test_whoever_changes_a_part_of_a_push_is_found_out(part: str) -> None:
    body, now = body_of(ENTRY), datetime.now(UTC)
    headers: dict[str, str] = {**signed(ENTRY, body, iter([SECRET]), now)}
    Verifier(SECRET).verify(body, headers)
    if part == "body":
        body = body.replace("13748136", "24256790")
    else:
        headers[part] = str(int(now.timestamp()) + 1)
    with pytest.raises(WebhookVerificationError, match="No matching signature found"):
        Verifier(SECRET).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, Taken()),
        (301, NotTaken(PushFailure.REDIRECTED, 301)),
        (307, NotTaken(PushFailure.REDIRECTED, 307)),
        (400, NotTaken(PushFailure.REFUSED, 400)),
        (410, NotTaken(PushFailure.GONE, 410)),
        (503, NotTaken(PushFailure.REFUSED, 503)),
    ],
)
async def test_only_an_answer_of_2xx_takes_an_entry(status: int, outcome: Taken | NotTaken) -> None:
    async with portal_server(Portal(status=status)) as portal:
        assert await push(settings_of(portal.port)) == outcome


async def test_a_redirect_is_never_followed() -> None:
    async with portal_server(Portal()) as other, portal_server(Portal(status=302)) as portal:
        portal.headers["Location"] = f"http://{HOST}:{other.port}/notices"
        assert await push(settings_of(portal.port)) == NotTaken(PushFailure.REDIRECTED, 302)
    assert (portal.asked, other.asked) == (1, 0)


@pytest.mark.parametrize("does", [Portal(hangs=True), Portal(drips=True)], ids=["hangs", "drips"])
async def test_a_portal_that_does_not_come_to_an_end_is_left(does: Portal) -> None:
    async with portal_server(does) as portal:
        begun = time.monotonic()
        assert await push(settings_of(portal.port)) == NotTaken(PushFailure.TIMED_OUT)
        assert time.monotonic() - begun < 3


async def test_of_an_answer_without_an_end_only_the_beginning_is_read() -> None:
    async with portal_server(Portal(floods=True)) as portal:
        assert await push(settings_of(portal.port)) == Taken()


async def test_a_connection_that_breaks_or_is_refused_is_unreachable() -> None:
    async with breaking_server() as port:
        assert await push(settings_of(port)) == NotTaken(PushFailure.UNREACHABLE)
    assert await push(settings_of(port)) == NotTaken(PushFailure.UNREACHABLE)


async def test_a_certificate_is_checked_against_the_name_although_the_address_is_called(tmp_path: Path) -> None:
    async with portal_server(Portal(), tmp_path, named=NAME) as portal:
        settings = settings_of(portal.port, tmp_path, host=NAME)
        assert await push(settings, Names([HOST])) == Taken()
        assert portal.seen[0]["host"] == f"{NAME}:{portal.port}"
        other = settings_of(portal.port, tmp_path, host="other.example")
        assert await push(other, Names([HOST])) == NotTaken(PushFailure.NOT_TRUSTED)
        unknown = settings_of(portal.port, tmp_path, host=NAME)
        object.__setattr__(unknown, "authority", None)
        assert await push(unknown, Names([HOST])) == NotTaken(PushFailure.NOT_TRUSTED)
    assert portal.asked == 1


async def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    async with portal_server(Portal()) as portal:
        names = Names(["127.0.0.2", HOST])
        assert await push(settings_of(portal.port, host=NAME, lets_in={"127.0.0.2", HOST}), names) == Taken()


@pytest.mark.parametrize(
    "addresses",
    [
        [HOST],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["9.9.9.9", "192.168.0.1"],
    ],
)
async def test_a_name_that_leads_inside_is_not_called(addresses: list[str]) -> None:
    async with portal_server(Portal()) as portal:
        settings = settings_of(portal.port, host=NAME, lets_in=frozenset())
        assert await push(settings, Names(addresses)) == NotTaken(PushFailure.NOT_PUBLIC)
    assert portal.asked == 0


async def test_a_name_is_resolved_once_for_a_push_and_again_for_the_next() -> None:
    """Rebinding: what is checked is what is called, and a name that turns inside later is refused then."""
    names = Names([HOST], ["10.0.0.1"])
    async with portal_server(Portal()) as portal:
        settings = settings_of(portal.port, host=NAME)
        async with Webhook(settings, names) as webhook:
            assert await webhook.push(ENTRY) == Taken()
            assert names.asked == [NAME]
            assert await webhook.push(ENTRY) == NotTaken(PushFailure.NOT_PUBLIC)
    assert portal.asked == 1


async def test_the_name_is_never_resolved_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the address that was checked reaches the socket."""
    called: list[Any] = []
    real = asyncio.get_running_loop().getaddrinfo

    async def noted(host: Any, port: Any, **options: Any) -> Any:
        called.append(host)
        return await real(host, port, **options)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", noted)
    async with portal_server(Portal()) as portal:
        assert await push(settings_of(portal.port, host=NAME), Names([HOST])) == Taken()
    assert NAME not in called


async def test_a_name_that_does_not_resolve_is_said() -> None:
    async def fails(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert await push(settings_of(1, host=NAME), fails) == NotTaken(PushFailure.NO_ADDRESS)
    assert await push(settings_of(1, host=f"{'a' * 70}.example")) == NotTaken(PushFailure.NO_ADDRESS)
