"""Reads Kafka's record batches so that bytes which do not decode hide no good record.

aiokafka reads header keys as UTF-8 inside `getmany` and gives a whole batch up at the first that is not; iterating a
batch begins at its first record, so seeking past the bad one does not help either. Here a batch is read the fast way,
and from its first failure on record by record: what does not read is handed over as a record that says so.

`install` replaces a private class of aiokafka's fetcher. It checks that the class is the one that it knows, and the
version is pinned in deploy/requirements.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cramjam
from aiokafka import __version__ as aiokafka_version
from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

from shared.messaging.errors import UnknownClient

KNOWN_AIOKAFKA: Final = "0.14.0"
UNREADABLE_HEADER: Final = "(unreadable)"
"""Key of the one header of a record that stands in for what could not be read; its value says why."""
LARGEST_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""Limit for one compressed batch: a batch of 1 MB on the wire may unpack to a thousand times as much."""
KEPT_BYTES: Final = 256 * 1024
"""How much of what could not be read is kept."""

_OVERHEAD = 12
_MAGIC = 16
_HEADER = struct.Struct(">qiibIhiqqqhii")
_BATCH_FORMAT = 2
_CODEC = 0x07
_NONE, _GZIP, _SNAPPY, _LZ4, _ZSTD = range(5)
_LOG_APPEND_TIME = 0x08
_CONTROL = 0x20
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES = 16


class _Unpackable(Exception):
    """A compressed batch does not unpack, or to too much."""


def install() -> None:
    """Makes every consumer of this process read records leniently; further calls have no effect.

    Raises UnknownClient if aiokafka is not the version that this module knows.
    """
    if fetcher.MemoryRecords is LenientRecords:
        return
    if aiokafka_version != KNOWN_AIOKAFKA or fetcher.MemoryRecords is not MemoryRecords:
        raise UnknownClient(
            f"aiokafka {aiokafka_version} is installed; how its records are read is known of {KNOWN_AIOKAFKA} only"
        )
    fetcher.MemoryRecords = LenientRecords


@dataclass(frozen=True, slots=True)
class LenientRecord:
    """One record, as aiokafka's fetcher expects it."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    checksum: None = None


class LenientRecords:
    """Stands in for MemoryRecords in aiokafka's fetcher: the batches of one answer of Kafka, in their order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def size_in_bytes(self) -> int:
        """Returns the size of the whole answer."""
        return len(self._data)

    def has_next(self) -> bool:
        """Returns whether another whole batch follows; the last batch of an answer may be cut off."""
        return self._end() is not None

    def next_batch(self) -> "LenientBatch | None":
        """Returns the next whole batch; None if there is none."""
        end = self._end()
        if end is None:
            return None
        begin, self._at = self._at, end
        return LenientBatch(bytes(self._data[begin:end]))

    def _end(self) -> int | None:
        if len(self._data) - self._at <= _MAGIC:
            return None
        end: int = self._at + _OVERHEAD + struct.unpack_from(">i", self._data, self._at + 8)[0]
        return end if end <= len(self._data) else None


class LenientBatch:
    """A batch that yields all its records; those that cannot be read are replaced by records that say so."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._fast: Any = MemoryRecords(data).next_batch()
        self._intact = True
        self._legacy = data[_MAGIC] < _BATCH_FORMAT
        if not self._legacy:
            fields = _HEADER.unpack_from(data)
            self._base_offset, self._attributes, self._last_delta = fields[0], fields[5], fields[6]
            self._first_timestamp, self._max_timestamp, self._count = fields[7], fields[8], fields[12]

    def __getattr__(self, name: str) -> Any:
        """What aiokafka's fetcher asks of a batch beside its records."""
        return getattr(self._fast, name)

    @property
    def next_offset(self) -> int:
        """Returns the offset of the batch that follows."""
        after: int = self._fast.next_offset
        return after

    def validate_crc(self) -> bool:
        """Checks the checksum; returns False only if it is wrong and the batch has the format of before Kafka 0.11.

        A newer batch with a wrong checksum is yielded as one unreadable record, so that it does not stop its partition.
        """
        self._intact = self._fast.validate_crc()
        return self._intact or not self._legacy

    def __iter__(self) -> Iterator[Any]:
        if self._legacy:  # of before Kafka 0.11: without headers
            return iter(self._fast)
        if not self._intact:
            return self._all_unreadable("the checksum of its batch is wrong")
        return self._readable_first()

    def _readable_first(self) -> Iterator[Any]:
        if self._attributes & _CODEC:
            try:
                records = self._unpacked()
            except Exception as error:
                yield from self._all_unreadable(f"its batch does not unpack: {error!r}")
                return
            yield from self._one_by_one(records, done=0)
            return
        done, offset = 0, self._base_offset - 1
        try:
            for record in self._fast:
                offset = self._following(offset, record.offset)
                yield record
                done += 1
        except Exception:  # whatever it was: it is read again, record by record
            yield from self._one_by_one(memoryview(self._data)[_HEADER.size :], done)

    def _one_by_one(self, data: "memoryview | bytes", done: int) -> Iterator[LenientRecord]:
        """Every record has its length before it, so that one that does not read is stepped over."""
        buffer, at, read = bytearray(data), 0, 0
        expected = self._base_offset
        while read < self._count:
            try:
                length, begin = decode_varint(buffer, at)
                if length < 0 or begin + length > len(buffer):
                    raise ValueError(f"a record of {length} bytes at byte {at} of {len(buffer)}")
            except Exception as error:
                yield from self._unreadable_from(max(expected, self._base_offset + done), repr(error), buffer[at:])
                return
            content = buffer[begin : begin + length]
            at = begin + length
            read += 1
            try:
                record = self._record(content)
                self._following(expected - 1, record.offset)
            except Exception as error:
                record = self._unreadable(min(expected, self._last_offset), repr(error), bytes(content))
            expected = record.offset + 1
            if read > done:
                yield record

    def _record(self, content: bytearray) -> LenientRecord:
        at = 1  # the attributes of a record mean nothing so far
        timestamp_delta, at = decode_varint(content, at)
        offset_delta, at = decode_varint(content, at)
        key, at = _bytes(content, at)
        value, at = _bytes(content, at)
        count, at = decode_varint(content, at)
        if count < 0:
            raise ValueError(f"{count} headers")
        headers: list[tuple[str, bytes | None]] = []
        for _ in range(count):
            name, at = _bytes(content, at)
            header, at = _bytes(content, at)
            headers.append(((name or b"").decode("utf-8", "backslashreplace"), header))
        log_append = self._attributes & _LOG_APPEND_TIME
        timestamp = self._max_timestamp if log_append else self._first_timestamp + timestamp_delta
        return LenientRecord(self._base_offset + offset_delta, timestamp, int(bool(log_append)), key, value, headers)

    @property
    def _last_offset(self) -> int:
        last: int = self._base_offset + self._last_delta
        return last

    def _following(self, before: int, offset: int) -> int:
        """Offsets grow within their batch; others would be skipped by aiokafka, or lead it astray."""
        if not before < offset <= self._last_offset:
            raise ValueError(f"offset {offset} after {before}, in a batch that ends at {self._last_offset}")
        return offset

    def _all_unreadable(self, why: str) -> Iterator[LenientRecord]:
        yield from self._unreadable_from(self._base_offset, why, self._data)

    def _unreadable_from(self, offset: int, why: str, content: "bytes | bytearray") -> Iterator[LenientRecord]:
        """One record for all the rest of the batch, at its last offset: how many there were cannot be told."""
        last = self._last_offset
        yield self._unreadable(last, f"offsets {min(offset, last)} to {last}: {why}", bytes(content))

    def _unreadable(self, offset: int, why: str, content: bytes) -> LenientRecord:
        headers: list[tuple[str, bytes | None]] = [(UNREADABLE_HEADER, why[:1000].encode("utf-8", "backslashreplace"))]
        return LenientRecord(offset, self._first_timestamp, 0, None, content[:KEPT_BYTES], headers)

    def _unpacked(self) -> bytes:
        packed = self._data[_HEADER.size :]
        match self._attributes & _CODEC:
            case codec if codec == _GZIP:
                return _gunzip(packed)
            case codec if codec == _SNAPPY:
                return b"".join(_snappy_blocks(packed))
            case codec if codec == _LZ4:
                return _bounded(cramjam.lz4.decompress_into, packed)
            case codec if codec == _ZSTD:
                return _bounded(cramjam.zstd.decompress_into, packed)
            case codec:
                raise _Unpackable(f"compression {codec} is not known")


def _bytes(content: bytearray, at: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(content, at)
    if length < 0:
        return None, at
    if at + length > len(content):
        raise ValueError(f"{length} bytes at byte {at} of {len(content)}")
    return bytes(content[at : at + length]), at + length


def _gunzip(packed: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    data = stream.decompress(packed, LARGEST_UNPACKED_BYTES)
    if stream.unconsumed_tail:
        raise _Unpackable(f"to more than {LARGEST_UNPACKED_BYTES} bytes")
    if not stream.eof:
        raise _Unpackable("its end is missing")
    return data


def _snappy_blocks(packed: bytes) -> Iterator[bytes]:
    if not packed.startswith(_XERIAL):
        yield _snappy(packed, LARGEST_UNPACKED_BYTES)
        return
    at, left = _XERIAL_HEADER_BYTES, LARGEST_UNPACKED_BYTES
    while at < len(packed):
        (size,) = struct.unpack_from(">i", packed, at)
        block = _snappy(packed[at + 4 : at + 4 + size], left)
        at, left = at + 4 + size, left - len(block)
        yield block


def _snappy(block: bytes, most: int) -> bytes:
    size = cramjam.snappy.decompress_raw_len(block)
    if size > most:
        raise _Unpackable(f"to more than {LARGEST_UNPACKED_BYTES} bytes")
    return bytes(cramjam.snappy.decompress_raw(block))


def _bounded(decompress_into: Any, packed: bytes) -> bytes:
    """Into a buffer that grows to the limit and no further: neither format says reliably how much will come."""
    size = min(max(64 * 1024, 8 * len(packed)), LARGEST_UNPACKED_BYTES)
    while True:
        buffer = bytearray(size)
        try:
            return bytes(memoryview(buffer)[: decompress_into(packed, buffer)])
        except cramjam.DecompressionError as error:
            if size == LARGEST_UNPACKED_BYTES:
                raise _Unpackable(f"not to {LARGEST_UNPACKED_BYTES} bytes or less: {error}") from error
            size = min(size * 8, LARGEST_UNPACKED_BYTES)
