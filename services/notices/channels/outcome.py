"""What a channel is, and what it says of a try to tell somebody: sent, failed with a code, or in doubt (R29)."""

import re
from dataclasses import dataclass
from typing import Protocol

from services.notices.rules.message import Message
from shared.contracts.notices import TryFailure

_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")


@dataclass(frozen=True)
class Sent:
    """The other side took the message over. Whether somebody reads it is not known."""

    in_doubt: bool = False
    """Whether it may have been sent before, too: an earlier try ended without an answer."""


@dataclass(frozen=True)
class Failed:
    """The other side did not take the message over, for certain."""

    failure: TryFailure
    status: str | None = None
    """A code: of RFC 3463 (`5.1.1` says that the address is wrong), else of SMTP or HTTP, or one of this package.

    The other side's words may contain an address: they are kept nowhere.
    """


@dataclass(frozen=True)
class InDoubt:
    """The message was on its way when the connection broke: the other side may have it."""


Outcome = Sent | Failed | InDoubt


class Channel(Protocol):
    """R29: a way to tell somebody. Nothing is tried again in it: the caller decides, by the outcome."""

    async def send(self, message: Message) -> Outcome:
        """Sends a message once. Returns what became of it, and raises nothing of the network."""
        ...


def status_in(code: int, words: str) -> str:
    """Returns the enhanced status code with which a server's words begin, else its three digits."""
    found = _ENHANCED.match(words)
    return found[0] if found else str(code)
