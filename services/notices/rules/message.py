"""A message as every channel takes it, and the names that tie it to reports about it (R4, R29)."""

import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

_DOMAIN = "notices.aftale.invalid"
"""The right side of every Message-ID: a constant, so that another mail domain does not make another message.

Nobody can own a name below `.invalid`, and the left side is unique.
"""
_MOST_ROUNDS = 10_000
_ID_BYTES, _TAG_BYTES = 20, 15
"""160 and 120 bits, in 32 and 24 letters: with the dot the local part stays below the 64 of RFC 5321."""
_OF_NOTICE = re.compile(rf"([a-z2-7]{{32}})@{re.escape(_DOMAIN)}")
_RETURN_LOCAL = re.compile(r"([a-z2-7]{32})\.([a-z2-7]{24})")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    """As `application/pdf`."""
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Message:
    """R29: what somebody is told, and where it goes. Its `repr` has no address and no text, so that no log has them."""

    message_id: str
    """As `message_id` makes it, without brackets. The same message sent again keeps it."""
    told_by: UUID
    """The stream that records what became of it: of the agreement, or of a person's digests."""
    to: str = field(repr=False)
    """An e-mail address without a name, or the name of a portal."""
    at: datetime
    """The time that the message bears."""
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    has_legal_effect: bool
    """If so, it is sent again where it is not known whether it was sent; otherwise it is not."""
    thread_id: str | None = None
    """As `thread_id` makes it: mail programs show the messages of a case together. None for a digest."""
    attachments: tuple[Attachment, ...] = ()


def message_id(key: bytes, matter_id: UUID, round_number: int) -> str:
    """R29: returns the Message-ID of a matter's message, always the same. Raises ValueError for rounds from 10,000 on.

    A round is one telling of the matter, or one digest of a person. Tries of the same round have the same id, so that
    who gets it twice sees it. Only who has the key can tell to which matter an id belongs (R31).
    """
    if not 0 <= round_number < _MOST_ROUNDS:
        raise ValueError(f"a matter is told at most {_MOST_ROUNDS} times, not {round_number}")
    return f"{_letters(key, f'message:{matter_id.hex}.{round_number}', _ID_BYTES)}@{_DOMAIN}"


def thread_id(key: bytes, agreement_id: UUID) -> str:
    """Returns the id of a case's first message, which was never sent: all messages of the case refer to it."""
    return f"{_letters(key, f'case:{agreement_id.hex}', _ID_BYTES)}@case.{_DOMAIN}"


def return_address(domain: str, of_message: str, key: bytes) -> str:
    """R4: returns the envelope sender of a message, with a tag that only who has the key can make (VERP).

    A report about the message is sent there. Raises ValueError for an id that `message_id` did not make.
    """
    known = _OF_NOTICE.fullmatch(of_message)
    if known is None:
        raise ValueError(f"{of_message} is not the id of a notice")
    return f"{known[1]}.{_tag(key, known[1], domain)}@{domain}"


def returned_message(address: str, domain: str, keys: Sequence[bytes]) -> str | None:
    """R4: returns the id of the message whose return address this is; None if the tag fits no key or nothing fits.

    Several keys are valid while one is replaced. Upper case counts as lower case, because some servers change it.
    """
    local, _, at = address.lower().rpartition("@")
    parts = _RETURN_LOCAL.fullmatch(local)
    if parts is None or at != domain.lower():
        return None
    matches = [hmac.compare_digest(_tag(key, parts[1], domain), parts[2]) for key in keys]
    return f"{parts[1]}@{_DOMAIN}" if any(matches) else None


def one_line(text: str) -> str:
    """Returns a text without line breaks and control characters, each run of them as one space: fit for a header."""
    return _BREAKS.sub(" ", text).strip()


def _tag(key: bytes, told: str, domain: str) -> str:
    return _letters(key, f"return-address:{told}@{domain.lower()}", _TAG_BYTES)


def _letters(key: bytes, text: str, size: int) -> str:
    """Returns the first bytes of a keyed digest in lower-case base 32, which has no sign that an address cannot."""
    return b32encode(hmac.digest(key, text.encode(), "sha256")[:size]).decode().lower()
