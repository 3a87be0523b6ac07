"""Consistency tokens: a reader that carries one is answered only once its service has seen that much."""

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
from shared.http.problems import Problem, unavailable
from shared.http.secret_files import keep_first

HEADER = "Consistency-Token"
WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.02
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Seen:
    """What a command recorded: the newest version of a stream of a source."""

    source: str
    stream: UUID
    version: int


class ConsistencyTokens:
    """Seals and opens tokens. They are encrypted: a version that counts hidden facts would betray them (R18)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def of_state(cls, state: Path) -> "ConsistencyTokens":
        """With the key of a state folder, made on first use and the same for all services."""
        file = state / "secrets" / "consistency-key"
        if not file.exists():
            keep_first(file, AESGCM.generate_key(256))
        return cls(file.read_bytes())

    def seal(self, seen: Seen) -> str:
        """As a client carries it."""
        nonce = os.urandom(_NONCE_BYTES)
        text = f"{seen.source}\n{seen.stream}\n{seen.version}".ljust(80).encode()
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text, None)).decode()

    def open(self, token: str) -> Seen:
        """Raises Problem (400) for what is not one of our tokens."""
        try:
            raw = base64.urlsafe_b64decode(token)
            source, stream, version = (
                self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode().split("\n")
            )
            return Seen(source, UUID(stream), int(version))
        except (ValueError, InvalidTag) as error:
            raise Problem(400, "Not valid", f"the header {HEADER} does not read") from error


async def wait_until_seen(database: Database, own_source: str, seen: Seen) -> None:
    """Return once this service has taken that much; 503 after two seconds."""
    if seen.source == own_source:
        return
    until = time.monotonic() + WAIT_SECONDS
    while True:
        async with database.acquire() as connection:
            version = await connection.fetchval(
                "select version from inbox where source = $1 and stream = $2", seen.source, seen.stream
            )
        if (version or 0) >= seen.version:
            return
        if time.monotonic() > until:
            raise unavailable(f"what the {HEADER} names has not arrived here yet")
        await asyncio.sleep(_POLL_SECONDS)
