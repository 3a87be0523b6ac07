"""Consistency tokens: a request with a token waits until its service has received the fact that the token names."""

import asyncio
import base64
import os
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.eventstore.database import Database
from shared.http.errors import Problem
from shared.http.problems import unavailable
from shared.http.secret_files import keep_first

HEADER = "Consistency-Token"
WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.02
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Seen:
    """What a token names: the version of a stream after a command."""

    source: str
    stream: UUID
    version: int
    cvr: str | None = None
    """The legal entity whose case it is; None in tokens of the first release."""


class ConsistencyTokens:
    """Encrypts and decrypts tokens: a readable version would betray facts that are hidden from a company (R18)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def of_state(cls, state: Path) -> "ConsistencyTokens":
        """Uses the key of a state folder, which is created on first use and shared by all services."""
        file = state / "secrets" / "consistency-key"
        if not file.exists():
            keep_first(file, AESGCM.generate_key(256))
        return cls(file.read_bytes())

    def seal(self, seen: Seen) -> str:
        """Returns the encrypted token for a client."""
        nonce = os.urandom(_NONCE_BYTES)
        text = f"{seen.source}\n{seen.stream}\n{seen.version}\n{seen.cvr or ''}".ljust(80).encode()
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text, None)).decode()

    def open(self, token: str) -> Seen:
        """Decrypts a token. Raises Problem (400) if it was not encrypted with this key."""
        try:
            raw = base64.urlsafe_b64decode(token)
            text = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode()
            source, stream, version, *cvr = text.rstrip(" ").split("\n")
            return Seen(source, UUID(stream), int(version), cvr[0] or None if cvr else None)
        except (ValueError, InvalidTag) as error:
            raise Problem(400, "Not valid", "the header {header} cannot be read", values={"header": HEADER}) from error


async def wait_for_case(database: Database, own_source: str, seen: Seen) -> None:
    """Waits until this service has received the fact that a token names, for a request about that case.

    Raises Problem (503): at once if the stream is parked, because it then waits for an operator; else after two
    seconds. The caller must have checked that the asker may know of the case.
    """
    if not await _is_taken(database, own_source, seen):
        raise unavailable("a fact of this case could not be processed here and waits for an operator")


async def wait_for_inbox(database: Database, own_source: str, seen: Seen) -> None:
    """Waits until the inbox has what a request about many cases has seen; no error if the stream is parked."""
    await _is_taken(database, own_source, seen)


async def _is_taken(database: Database, own_source: str, seen: Seen) -> bool:
    """Waits for the fact; returns True, or False if its stream is parked. Raises Problem (503) after two seconds."""
    if seen.source == own_source:
        return True
    until = time.monotonic() + WAIT_SECONDS
    while True:
        async with database.acquire() as connection:
            taken: bool | None = await connection.fetchval(
                """select case
                     when exists (select from inbox where source = $1 and stream = $2 and version >= $3) then true
                     when exists (select from parked where source = $1 and stream = $2) then false
                   end""",
                seen.source,
                seen.stream,
                seen.version,
            )
        if taken is not None:
            return taken
        if time.monotonic() > until:
            raise unavailable("this service has not yet received the fact that the {header} names", header=HEADER)
        await asyncio.sleep(_POLL_SECONDS)
