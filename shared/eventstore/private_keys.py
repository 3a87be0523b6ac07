"""Private parts of events: sealed under a key per case and person, erased by destroying the key (R31)."""

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.eventstore.database import Database

_NONCE_BYTES = 12


class KeyDestroyed(Exception):
    """Something private was to be written, or a file read, under a key that has been destroyed."""


@dataclass(frozen=True)
class Sealed:
    """The private parts of some events as JSON texts (None where an event has none), and the keys made for them."""

    texts: Sequence[str | None]
    new_keys: Mapping[str, bytes]


async def of_stream(database: Database, stream: UUID) -> dict[str, bytes]:
    """The keys of a stream that still exist, by whom they are about."""
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "select about, key from private_keys where stream = $1 and key is not null", stream
        )
    return {row["about"]: row["key"] for row in rows}


async def of_case(database: Database, stream: UUID) -> bytes | None:
    """The key of what belongs to the case itself; None where nothing private was ever written. Raises KeyDestroyed."""
    async with database.acquire() as connection:
        row = await connection.fetchrow("select key from private_keys where stream = $1 and about = ''", stream)
    if row is None:
        return None
    if row["key"] is None:
        raise KeyDestroyed(f"the key of the case in {stream} was destroyed")
    return bytes(row["key"])


async def seal(database: Database, stream: UUID, version: int, parts: Sequence[Mapping[str, Any]]) -> Sealed:
    """Encrypt the private parts of events for a stream at this version. Raises KeyDestroyed."""
    known: dict[str, bytes | None] = {}
    if version:
        async with database.acquire() as connection:
            rows = await connection.fetch("select about, key from private_keys where stream = $1", stream)
        known = {row["about"]: row["key"] for row in rows}
    new: dict[str, bytes] = {}
    for about in _abouts(parts):
        if about not in known:
            known[about] = new[about] = AESGCM.generate_key(256)
        elif known[about] is None:
            raise KeyDestroyed(f"the key of {about or 'the case'} in {stream} was destroyed")
    return Sealed([_seal_one(part, known) for part in parts], new)


async def destroy(database: Database, stream: UUID, about: str) -> bool:
    """R31: destroy a key; what was written under it can never be read again. False where there was none.

    A backup brings the key back: Erasures.erase also keeps the erasure where no restore reaches it.
    """
    async with database.acquire() as connection:
        status = await connection.execute(
            """update private_keys set key = null, destroyed_at = now()
               where stream = $1 and about = $2 and key is not null""",
            stream,
            about,
        )
    return bool(status == "UPDATE 1")


def unseal(sealed: Mapping[str, str], keys: Mapping[str, bytes]) -> dict[str, Any]:
    """The private fields whose keys are at hand; the others stay absent."""
    fields: dict[str, Any] = {}
    for about, text in sealed.items():
        if about in keys:
            raw = base64.b64decode(text)
            try:
                plain = AESGCM(keys[about]).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode())
            except InvalidTag as error:
                raise ValueError(f"the private part about {about or 'the case'} was not sealed with its key") from error
            fields |= json.loads(plain)
    return fields


def _abouts(parts: Iterable[Mapping[str, Any]]) -> dict[str, None]:
    return dict.fromkeys(about for part in parts for about in part)


def _seal_one(part: Mapping[str, Any], keys: Mapping[str, bytes | None]) -> str | None:
    if not part:
        return None
    sealed = {}
    for about, fields in part.items():
        nonce = os.urandom(_NONCE_BYTES)
        key = keys[about]
        assert key is not None
        cipher = AESGCM(key).encrypt(nonce, json.dumps(fields).encode(), about.encode())
        sealed[about] = base64.b64encode(nonce + cipher).decode()
    return json.dumps(sealed)
