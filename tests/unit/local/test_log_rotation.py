"""Logs of background processes are set aside when they grow too large, and nobody has to start again for it."""

import subprocess
import sys
from pathlib import Path

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
    assert (tmp_path / "offers.log.1").read_text() == "a" * 200 + "\n"
    assert log.read_text() == "b\n"


def test_so_many_older_parts_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        (tmp_path / "kafka.log").write_text(f"{number} ".ljust(200))
        rotate(tmp_path, largest=100)
    parts = {file.name: file.read_text().split()[0] for file in tmp_path.glob("kafka.log.*")}
    assert parts == {"kafka.log.1": "4", "kafka.log.2": "3", "kafka.log.3": "2"}


def test_a_log_stays_as_it_is_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path, target: Path) -> None:
        target.write_text("a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    (tmp_path / "offers.log").write_text("a" * 200)
    assert rotate(tmp_path, largest=100) == []
    assert [file.name for file in tmp_path.iterdir()] == ["offers.log"]
