"""Encrypts and decrypts files in pieces with a key of their case, so that no clear text is on a disk (R31)."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.attachments.errors import NotAsSealed

PIECE = 256 * 1024
_PREFIX_BYTES = 7
_TAG_BYTES = 16


class Sealing:
    """Encrypts a file while its bytes are received.

    The nonce of a piece holds its number and whether it is the last one (the STREAM construction), and each piece is
    authenticated together with `about`. A piece that is changed, moved, left out or put into another file is detected.
    """

    def __init__(self, key: bytes, about: bytes, target: BinaryIO) -> None:
        self._cipher = AESGCM(key)
        self._about = about
        self._target = target
        self._prefix = os.urandom(_PREFIX_BYTES)
        self._number = 0
        self._rest = bytearray()
        target.write(self._prefix)

    def add(self, content: bytes) -> None:
        """Adds bytes; bytes that do not fill a piece wait for more."""
        self._rest += content
        while len(self._rest) > PIECE:
            self._seal(bytes(self._rest[:PIECE]), last=False)
            del self._rest[:PIECE]

    def end(self) -> None:
        """Encrypts the rest, even if it is empty: a file without its last piece cannot be decrypted."""
        self._seal(bytes(self._rest), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last), piece, self._about))
        self._number += 1


def unsealed(key: bytes, about: bytes, source: BinaryIO) -> Iterator[bytes]:
    """Yields the pieces of a file, at least one, and closes the source. Raises NotAsSealed."""
    with source:
        cipher = AESGCM(key)
        prefix, number = source.read(_PREFIX_BYTES), 0
        piece = source.read(PIECE + _TAG_BYTES)
        while True:
            following = source.read(PIECE + _TAG_BYTES)
            try:
                content = cipher.decrypt(_nonce(prefix, number, not following), piece, about)
            except (InvalidTag, ValueError) as error:
                raise NotAsSealed(f"piece {number} does not open") from error
            yield content
            if not following:
                return
            piece, number = following, number + 1


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
