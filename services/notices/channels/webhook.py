"""Pushes one entry to the company portal, signed by the standard-webhooks scheme (R29)."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Self

import httpx
import orjson
from standardwebhooks import Webhook as Signer

from services.notices.channels.errors import NotPublic
from services.notices.channels.portal_settings import PortalSettings
from services.notices.channels.public_addresses import Resolve, public_addresses, resolved
from services.notices.rules.portal_entry import FeedEntry
from shared.eventstore.clock import RealClock

_IDLE_SECONDS = 2.0
"""How long a connection is kept: less than servers do, because one that closes meanwhile looks like a failure."""
_MOST_ANSWER_BYTES = 16 * 1024
"""What is read of an answer, so that its connection can be used again; nothing of it is kept."""
_PORTS = {"https": 443, "http": 80}


class PushFailure(StrEnum):
    """Why the portal did not take an entry."""

    NO_ADDRESS = "no-address"
    """The name of the portal does not resolve."""
    NOT_PUBLIC = "not-public"
    """The name leads into a private network: nothing was sent there."""
    UNREACHABLE = "unreachable"
    """No connection, or it broke before an answer."""
    NOT_TRUSTED = "not-trusted"
    """The certificate is not valid for the name."""
    TIMED_OUT = "timed-out"
    """No answer within the time of the socket; the portal may have the entry."""
    REDIRECTED = "redirected"
    """The portal named another address; that is never followed."""
    REFUSED = "refused"
    """The portal answered with an error; its status says which."""
    GONE = "gone"
    """The portal answered 410: it wants nothing more."""


@dataclass(frozen=True)
class Taken:
    """The portal answered 2xx."""


@dataclass(frozen=True)
class NotTaken:
    """The portal did not take the entry, or it is not known."""

    failure: PushFailure
    status: int | None = None
    """Of the answer, if there was one."""


def body_of(entry: FeedEntry) -> str:
    """R29: returns what is pushed: type, time and the entry as the feed has it."""
    told = entry.model_dump(mode="json")
    return orjson.dumps({"type": f"notice.{entry.status}", "timestamp": told["at"], "data": told}).decode()


def signed(entry: FeedEntry, body: str, secrets: Iterator[str], at: datetime) -> Mapping[str, str]:
    """Returns the headers of the scheme: id, time of the try, and a signature by each secret. `at` is in UTC."""
    name = str(entry.entry_id)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(name, at, body) for secret in secrets),
    }


class Webhook:
    """Pushes to one address. Nothing is tried again here."""

    def __init__(self, settings: PortalSettings, resolve: Resolve = resolved) -> None:
        self._settings, self._resolve = settings, resolve
        self._url = httpx.URL(settings.url)
        self._clock = RealClock()  # receivers compare the time of a signature with their own
        self._client = httpx.AsyncClient(
            trust_env=False,
            verify=settings.trusted(),
            follow_redirects=False,
            timeout=httpx.Timeout(settings.answer_seconds, connect=settings.connect_seconds),
            limits=httpx.Limits(keepalive_expiry=_IDLE_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def push(self, entry: FeedEntry) -> Taken | NotTaken:
        """R29: pushes an entry once. Returns what became of it, and raises nothing of the network."""
        try:
            async with asyncio.timeout(self._settings.whole_seconds):
                return await self._to_public_address(entry)
        except NotPublic:
            return NotTaken(PushFailure.NOT_PUBLIC)
        except (TimeoutError, httpx.TimeoutException):
            return NotTaken(PushFailure.TIMED_OUT)
        except httpx.TransportError as error:
            return NotTaken(PushFailure.NOT_TRUSTED if _is_about_certificate(error) else PushFailure.UNREACHABLE)
        except (OSError, UnicodeError):  # the latter for a name that no resolver takes
            return NotTaken(PushFailure.NO_ADDRESS)

    async def _to_public_address(self, entry: FeedEntry) -> Taken | NotTaken:
        """Tries the addresses of the portal until one takes the connection."""
        host, port = self._url.raw_host.decode(), self._url.port or _PORTS[self._url.scheme]
        first, *others = await public_addresses(host, port, self._resolve, self._settings.lets_in)
        for address, following in zip((first, *others), (*others, None), strict=True):
            try:
                return await self._post(address, entry)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if following is None:
                    raise
        raise AssertionError("the last address returned or raised")

    async def _post(self, address: str, entry: FeedEntry) -> Taken | NotTaken:
        """Sends to an address, so that no second resolution can lead elsewhere; certificates are checked by name."""
        body = body_of(entry)
        headers = {
            **signed(entry, body, iter(self._settings.secrets), self._clock.now()),
            "Host": self._url.netloc.decode(),
            "Content-Type": "application/json",
            "User-Agent": "Aftale",
        }
        request = self._client.build_request(
            "POST",
            self._url.copy_with(host=address),
            headers=headers,
            content=body,
            extensions={"sni_hostname": self._url.raw_host.decode()},
        )
        answer = await self._client.send(request, stream=True)
        try:
            await _read_some(answer)
        finally:
            await answer.aclose()
        return _outcome(answer)


async def _read_some(answer: httpx.Response) -> None:
    size = 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > _MOST_ANSWER_BYTES:
            return


def _outcome(answer: httpx.Response) -> Taken | NotTaken:
    if answer.is_success:
        return Taken()
    if answer.status_code == httpx.codes.GONE:
        return NotTaken(PushFailure.GONE, answer.status_code)
    failure = PushFailure.REDIRECTED if 300 <= answer.status_code < 400 else PushFailure.REFUSED
    return NotTaken(failure, answer.status_code)


def _is_about_certificate(error: BaseException | None) -> bool:
    """Returns whether TLS failed: the library says it in the cause only."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
