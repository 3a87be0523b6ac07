"""Writes the log of a process to standard output; a line that cannot be written raises nothing."""

import sys
from typing import Any

import structlog


class LinesThatCannotFail:
    """Writes lines to standard output. If the disk is full, only lines are lost, and the next line says how many."""

    def __init__(self) -> None:
        self._lost = 0

    def msg(self, message: str) -> None:
        """Writes a line; never raises."""
        lost = f"{self._lost} lines of the log were lost before this one\n" if self._lost else ""
        try:
            sys.stdout.write(f"{message}\n{lost}")
            sys.stdout.flush()
        except (OSError, ValueError):  # the second: it is closed
            self._lost += 1
        else:
            self._lost = 0

    debug = info = warning = error = critical = log = msg


def configure_logs() -> None:
    """Configures structlog of this process to write through LinesThatCannotFail."""
    lines = LinesThatCannotFail()

    def of_this_process(*_: Any) -> LinesThatCannotFail:
        return lines

    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.add_log_level,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=of_this_process,
    )
