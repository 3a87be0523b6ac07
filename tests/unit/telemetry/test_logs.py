"""A log that cannot be written costs its lines and nothing else."""

import io
from typing import Any

import pytest
import structlog

from shared.telemetry.logs import configure_logs


class Disk(io.StringIO):
    """Standard output on a disk that may be full."""

    full = False

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_full_disk_raises_nowhere_and_is_told_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    before: dict[str, Any] = structlog.get_config()
    monkeypatch.setattr("sys.stdout", disk)
    configure_logs()
    try:
        log = structlog.get_logger()
        log.info("one")
        disk.full = True
        log.warning("two")
        log.error("three")
        disk.full = False
        log.info("four")
        log.info("five")
    finally:
        structlog.configure(**before)
    lines = disk.getvalue().splitlines()
    assert [line.split("event=")[-1] for line in lines] == [
        "'one'",
        "'four'",
        "2 lines of the log were lost before this one",
        "'five'",
    ]
