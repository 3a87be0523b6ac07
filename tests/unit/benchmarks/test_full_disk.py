"""A running process whose files cannot grow for a while is told so with each write, and goes on afterwards."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.lossless.full_disk import no_room

WRITER = """
import sys
with open(sys.argv[1], "ab", buffering=0) as file:
    for line in sys.stdin:
        try:
            file.write(line.encode())
        except OSError as error:
            print(type(error).__name__, flush=True)
        else:
            print("written", flush=True)
"""


class Process:
    """Writes a line when it is told to, and says how it went."""

    def __init__(self, file: Path) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def writes(self) -> str:
        assert self.popen.stdin
        assert self.popen.stdout
        print("a line", file=self.popen.stdin, flush=True)
        return self.popen.stdout.readline().strip()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path / "file")
    yield started
    started.popen.kill()
    started.popen.communicate()


def test_a_process_cannot_write_inside_and_can_before_and_after(process: Process) -> None:
    assert process.writes() == "written"
    with no_room([process.popen.pid]):
        assert process.writes() == "OSError"
    assert process.writes() == "written"


def test_one_that_ended_meanwhile_is_no_fault(process: Process) -> None:
    with no_room([process.popen.pid]):
        process.popen.kill()
        process.popen.communicate()
    assert process.popen.returncode != 0
