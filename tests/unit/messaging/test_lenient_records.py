"""Record batches are read so that no bytes hide a good record; what does not read is given as a record that says so."""

import gzip
import struct
from typing import Any

import cramjam
import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messaging import lenient_records
from shared.messaging.errors import UnknownClient
from shared.messaging.lenient_records import (
    LARGEST_UNPACKED_BYTES,
    UNREADABLE_HEADER,
    LenientRecord,
    LenientRecords,
    install,
)

CODECS = {0: "none", 1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
_RECORDS_AT = 61
_CODEC_AT = 21
_COUNT = 6


class BadKey(str):
    """A header key that is written as bytes which are no UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"bad\xff\xfekey"


def built(codec: int = 0, key: str = "ce_id") -> bytearray:
    """A batch of six records at the offsets 0 to 5; the header of the third has the key."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=codec,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10**6,
    )
    for number in range(_COUNT):
        headers = [(key if number == 2 else "ce_id", b"%d" % number), ("nothing", None)]
        builder.append(number, timestamp=1000 + number, key=b"k", value=b"v%d" % number, headers=headers)
    return bytearray(builder.build())


def read(data: bytes | bytearray) -> list[Any]:
    """All records of an answer of Kafka, as its consumer asks for them."""
    records, found = LenientRecords(bytes(data)), []
    while records.has_next():
        batch = records.next_batch()
        assert batch is not None
        assert batch.validate_crc()
        found += list(batch)
    return found


def unreadable(record: Any) -> bool:
    return any(name == UNREADABLE_HEADER for name, _ in record.headers)


def with_checksum(data: bytearray) -> bytearray:
    """As its producer would have written it."""
    fast = _DefaultRecordBatchBuilderPy.CRC_OFFSET
    struct.pack_into(">I", data, fast, _crc32c(bytes(data[_CODEC_AT:])))
    struct.pack_into(">i", data, 8, len(data) - 12)
    return data


def _crc32c(data: bytes) -> int:
    return int(calc_crc32c(data))


@pytest.mark.parametrize("codec", CODECS, ids=CODECS.values())
def test_a_sound_batch_reads_as_aiokafka_reads_it(codec: int) -> None:
    data = built(codec)
    expected = list(MemoryRecords(bytes(data)).next_batch())
    fields = ("offset", "timestamp", "timestamp_type", "key", "value", "headers")
    assert [[getattr(one, name) for name in fields] for one in read(data)] == [
        [getattr(one, name) for name in fields] for one in expected
    ]


@pytest.mark.parametrize("codec", CODECS, ids=CODECS.values())
def test_a_header_key_that_is_no_utf8_is_read_with_its_bytes_shown(codec: int) -> None:
    records = read(built(codec, BadKey("x")))
    assert [one.offset for one in records] == list(range(_COUNT))
    assert records[2].headers[0] == ("bad\\xff\\xfekey", b"2")
    assert not any(map(unreadable, records))


def test_several_batches_of_one_answer_are_read_and_one_that_is_cut_off_is_left() -> None:
    whole = built()
    assert len(read(whole + built(4) + whole[:-3])) == 2 * _COUNT


def test_a_record_whose_inside_is_damaged_is_kept_alone() -> None:
    data = built()
    data[data.index(b"v2") - 3] = 0x7F  # how long its key is
    records = read(with_checksum(data))
    assert [one.offset for one in records] == list(range(_COUNT))
    assert [unreadable(one) for one in records] == [False, False, True, False, False, False]
    assert b"v2" in records[2].value


def test_records_behind_a_damaged_length_are_kept_as_one_with_their_offsets() -> None:
    data = built()
    third = data.index(b"v2") - 7
    data[third : third + 1] = b"\xff"
    records = read(with_checksum(data))
    assert [one.offset for one in records][:2] == [0, 1]
    assert records[-1].offset == _COUNT - 1
    assert unreadable(records[-1])


def test_a_batch_whose_checksum_is_wrong_is_kept_as_one() -> None:
    data = built()
    data[-1] ^= 1
    (record,) = read(data)
    assert unreadable(record)
    assert record.offset == _COUNT - 1


@pytest.mark.parametrize("codec", [1, 2, 3, 4, 5, 7])
def test_a_batch_that_does_not_unpack_is_kept_as_one(codec: int) -> None:
    data = built()
    data[_RECORDS_AT:] = b"nothing that was ever packed"
    struct.pack_into(">h", data, _CODEC_AT, codec)
    (record,) = read(with_checksum(data))
    assert unreadable(record)
    assert record.offset == _COUNT - 1


@pytest.mark.parametrize(
    ("codec", "pack"),
    [
        (1, gzip.compress),
        (2, cramjam.snappy.compress_raw),
        (3, cramjam.lz4.compress),
        (4, cramjam.zstd.compress),
    ],
    ids=["gzip", "snappy", "lz4", "zstd"],
)
def test_a_batch_that_unpacks_to_too_much_is_not_unpacked(codec: int, pack: Any) -> None:
    data = built()
    data[_RECORDS_AT:] = bytes(pack(bytes(LARGEST_UNPACKED_BYTES + 1)))
    struct.pack_into(">h", data, _CODEC_AT, codec)
    (record,) = read(with_checksum(data))
    assert unreadable(record)


@settings(max_examples=400)
@given(
    codec=st.sampled_from(list(CODECS)),
    damage=st.lists(st.tuples(st.integers(_RECORDS_AT, 400), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 40),
)
def test_no_damage_inside_a_batch_raises_or_repeats_or_passes_its_end(
    codec: int, damage: list[tuple[int, int]], cut: int
) -> None:
    data = built(codec)
    for at, value in damage:
        if at < len(data):
            data[at] = value
    del data[max(_RECORDS_AT, len(data) - cut) :]
    records = read(with_checksum(data))
    offsets = [one.offset for one in records]
    assert all(0 <= offset < _COUNT for offset in offsets)
    assert records
    assert all(isinstance(one.headers, list) for one in records if isinstance(one, LenientRecord))


def test_it_is_installed_once_and_only_into_the_client_that_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    monkeypatch.setattr(lenient_records, "aiokafka_version", "0.15.0")
    with pytest.raises(UnknownClient, match=r"0\.15\.0"):
        install()
    monkeypatch.setattr(lenient_records, "aiokafka_version", lenient_records.KNOWN_AIOKAFKA)
    install()
    install()
    assert fetcher.MemoryRecords is LenientRecords
    monkeypatch.setattr(fetcher, "MemoryRecords", object)
    with pytest.raises(UnknownClient):
        install()
