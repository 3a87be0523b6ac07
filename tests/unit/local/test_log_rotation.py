"""Logs of background processes are set aside when they grow too large, and nobody has to start again for it."""

import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from deploy.local.log_rotation import KEPT, rotate


def test_a_process_goes_on_in_the_emptied_log(tmp_path: Path) -> None:
    log = tmp_path / "offers.log"
    writes = "import sys\nfor line in sys.stdin:\n    print(line.strip(), flush=True)\n    print('', file=sys.stderr)"
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [sys.executable, "-c", writes], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stderr is not None

        def write(line: str) -> None:
            assert process.stdin is not None
            assert process.stderr is not None
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            process.stderr.readline()  # it has written

        write("a" * 200)
        assert rotate(tmp_path, largest=100) == ["offers.log"]
        write("b")
        assert rotate(tmp_path, largest=100) == []
        process.stdin.close()
    assert (tmp_path / "offers.log.1").read_text() == "a" * 99 + "\n"
    assert log.read_text() == "b\n"


def test_so_many_older_parts_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        (tmp_path / "kafka.log").write_text(f" {number}".rjust(200))
        rotate(tmp_path, largest=100)
    parts = {file.name: file.read_text().split()[0] for file in tmp_path.glob("kafka.log.*")}
    assert parts == {"kafka.log.1": "4", "kafka.log.2": "3", "kafka.log.3": "2"}


def test_a_log_stays_as_it_is_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object, target: BinaryIO) -> None:
        target.write(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    (tmp_path / "offers.log").write_text("a" * 200)
    assert rotate(tmp_path, largest=100) == []
    assert [file.name for file in tmp_path.iterdir()] == ["offers.log"]


def test_all_parts_together_stay_below_a_bound(tmp_path: Path) -> None:
    """Also of a log that grew while nobody looked: its newest lines are kept, and whole."""
    for turn in range(KEPT + 2):
        lines = [f"{turn} line {number}\n" for number in range(1_000)]
        (tmp_path / "kafka.log").write_text("".join(lines))
        assert rotate(tmp_path, largest=500) == ["kafka.log"]
        kept = (tmp_path / "kafka.log.1").read_text()
        assert 400 < len(kept) <= 500
        assert kept.splitlines(keepends=True) == lines[-len(kept.splitlines()) :]
    parts = list(tmp_path.iterdir())
    assert len(parts) == KEPT + 1
    assert sum(part.stat().st_size for part in parts) <= KEPT * 500


def test_a_log_of_one_endless_line_is_cut(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").write_text("a" * 2_000)
    rotate(tmp_path, largest=500)
    assert (tmp_path / "kafka.log.1").read_text() == "a" * 500
