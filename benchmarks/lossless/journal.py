"""What callers were told of their commands, written down as it happens: a killed process has written what it knew."""

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from uuid import UUID


class Outcome(StrEnum):
    """What is known of a command."""

    UNKNOWN = "unknown"
    """It was asked; its process was killed before there was an answer."""
    CANCELLED = "cancelled"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """For a version that was no longer the newest, or a name that another stream held."""


class Journal:
    """Of one process and those that come after it: a line per thing that is known."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file = os.open(journal_file(folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, outcome: Outcome, key: UUID, events: int) -> None:
        """With one write, at once."""
        os.write(self._file, f"{outcome} {key} {events}\n".encode())


def journal_file(folder: Path, name: str) -> Path:
    """Where the journal with this name lies."""
    return folder / f"journal-{name}"


def told(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Outcome, key, and how many events the command records."""
    for file in sorted(folder.glob("journal-*")):
        with file.open() as lines:
            for line in lines:
                outcome, key, events = line.split()
                yield outcome, key, int(events)
