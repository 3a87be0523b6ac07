"""The file of erasures: kept in order, shared by processes, and readable after a machine that stopped within a line."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from shared.eventstore.personal_data_erasure import Erasure, Erasures

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


def erasure(number: int) -> Erasure:
    return Erasure(UUID(int=number), f"person-{number}", NOW)


def test_what_was_added_is_read_in_order(tmp_path: Path) -> None:
    erasures = Erasures.of_state(tmp_path, "offers")
    assert list(erasures.all()) == []
    erasures.add([erasure(1), erasure(2)])
    Erasures.of_state(tmp_path, "offers").add([erasure(3)])
    assert list(erasures.all()) == [erasure(1), erasure(2), erasure(3)]
    assert list(Erasures.of_state(tmp_path, "control").all()) == []


def test_a_line_that_was_cut_off_harms_no_other(tmp_path: Path) -> None:
    file = tmp_path / "erasures" / "offers.jsonl"
    erasures = Erasures(file)
    erasures.add([erasure(1), erasure(2)])
    file.write_bytes(file.read_bytes()[:-10])
    erasures.add([erasure(3)])
    assert list(erasures.all()) == [erasure(1), erasure(3)]


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    erasures = Erasures.of_state(tmp_path, "offers")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: Erasures.of_state(tmp_path, "offers").add([erasure(number)]), range(100)))
    assert sorted(one.stream.int for one in erasures.all()) == list(range(100))


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Erasures.of_state(tmp_path, "offers").add([erasure(1)])
    assert (tmp_path / "erasures").stat().st_mode & 0o077 == 0
