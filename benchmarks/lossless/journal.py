"""Journals what callers were answered. Each line is written at once, so that a killed process loses none."""

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from uuid import UUID


class Outcome(StrEnum):
    """The outcome of a command, as far as it is known."""

    UNKNOWN = "unknown"
    """The command was sent; the process was killed before there was an answer."""
    CANCELLED = "cancelled"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """Refused because its version was no longer the newest, or another stream held the name."""


class Journal:
    """The journal of a process and of those that replace it, one line per outcome."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file = os.open(journal_file(folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, outcome: Outcome, key: UUID, events: int) -> None:
        """Appends a line in one write."""
        os.write(self._file, f"{outcome} {key} {events}\n".encode())


def journal_file(folder: Path, name: str) -> Path:
    """Returns the file of the journal with this name."""
    return folder / f"journal-{name}"


def read_outcomes(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Yields outcome, key, and how many events the command records."""
    for file in sorted(folder.glob("journal-*")):
        with file.open() as lines:
            for line in lines:
                outcome, key, events = line.split()
                yield outcome, key, int(events)
