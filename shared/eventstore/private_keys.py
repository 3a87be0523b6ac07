"""Private parts of events: sealed under a key per case and person, erased by destroying the key (R31)."""

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.eventstore.database import Database
from shared.eventstore.errors import KeyDestroyed

_NONCE_BYTES = 12


@dataclass(frozen=True)
class Sealed:
    """The private parts of some events as JSON texts (None where an event has none), and the keys made for them."""

    texts: Sequence[str | None]
    new_keys: Mapping[str, bytes]


async def of_stream(database: Database, stream: UUID) -> dict[str, bytes]:
    """Returns the keys of a stream that still exist, by whom they are about."""
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "select about, key from private_keys where stream = $1 and key is not null", stream
        )
    return {row["about"]: row["key"] for row in rows}


@dataclass(frozen=True)
class CaseKey:
    """The key of what belongs to a case itself."""

    key: bytes | None
    """The key; None if nothing private was written since the case was erased, or ever."""
    was_erased: bool
    """Whether an earlier key was destroyed."""


async def of_case(database: Database, stream: UUID) -> CaseKey:
    """Returns the key that is in use for files and texts of a case."""
    async with database.acquire() as connection:
        rows = await connection.fetch("select about, key from private_keys where stream = $1", stream)
    of_case = {row["about"]: row["key"] for row in rows if is_of_case(row["about"])}
    return CaseKey(of_case.get(_of_case_now(of_case)), was_erased=any(key is None for key in of_case.values()))


async def seal(database: Database, stream: UUID, version: int, parts: Sequence[Mapping[str, Any]]) -> Sealed:
    """Encrypts the private parts of events for a stream at this version. Raises KeyDestroyed."""
    known: dict[str, bytes | None] = {}
    if version:
        async with database.acquire() as connection:
            rows = await connection.fetch("select about, key from private_keys where stream = $1", stream)
        known = {row["about"]: row["key"] for row in rows}
    of_case_now = _of_case_now(known)
    named = [{about or of_case_now: fields for about, fields in part.items()} for part in parts]
    new: dict[str, bytes] = {}
    for about in _abouts(named):
        if about not in known:
            known[about] = new[about] = AESGCM.generate_key(256)
        elif known[about] is None:
            raise KeyDestroyed(f"the key of {about} in {stream} was destroyed")
    return Sealed([_seal_one(part, known) for part in named], new)


def is_of_case(about: str) -> bool:
    """Returns whether a key encrypts what belongs to the case itself: its first key, or one after an erasure."""
    return not about or re.fullmatch(r"~\d+", about) is not None


def _of_case_now(known: Mapping[str, bytes | None]) -> str:
    """The key of the case that is in use: a case goes on after an erasing, and an open offer can be withdrawn."""
    number = 1
    while known.get(name := f"~{number}" if number > 1 else "", b"") is None:
        number += 1
    return name


async def existing(database: Database, stream: UUID | None, person: str | None) -> list[tuple[UUID, str]]:
    """Returns the existing keys: of a case, of a person in it, or of a person in every case (all rows are read)."""
    async with database.acquire() as connection:
        rows = await connection.fetch(
            """select stream, about from private_keys
               where key is not null and ($1::uuid is null or stream = $1) and ($2::text is null or about = $2)
               order by stream, about""",
            stream,
            person,
        )
    return [(row["stream"], row["about"]) for row in rows]


async def destroy(database: Database, keys: Sequence[tuple[UUID, str]]) -> int:
    """R31: destroys keys, so that what was encrypted under them can never be read again; returns how many.

    A backup brings them back: Erasures.erase also keeps the erasure where no restore reaches it.
    """
    async with database.acquire() as connection:
        status = await connection.execute(
            """update private_keys k set key = null, destroyed_at = now()
               from unnest($1::uuid[], $2::text[]) as erased(stream, about)
               where k.stream = erased.stream and k.about = erased.about and k.key is not null""",
            [stream for stream, _ in keys],
            [about for _, about in keys],
        )
    return int(status.split()[-1])


def unseal(sealed: Mapping[str, str], keys: Mapping[str, bytes]) -> dict[str, Any]:
    """Returns the private fields whose keys are given; other fields are absent."""
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
