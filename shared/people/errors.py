"""Why a directory of people cannot be used."""

from pathlib import Path

from shared.errors import AftaleError


class FaultyDirectory(AftaleError):
    """The file cannot be used: names the file, the line and why."""

    def __init__(self, file: Path, line: int, why: str) -> None:
        super().__init__(f"{file.name}, line {line}: {why}")
