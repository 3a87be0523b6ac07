"""The folders in which everything that runs on one machine keeps its files."""

import os
from dataclasses import dataclass
from pathlib import Path

from shared.private_folders import private_folder

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = PROJECT / ".aftale"
"""What is installed: the virtual environment and Kafka's jars. All state folders share it."""


@dataclass(frozen=True)
class State:
    """One folder with the data, logs and secrets of one set of servers and services."""

    folder: Path

    def sub(self, name: str) -> Path:
        """Returns the folder with this name, for its owner only; creates it if it is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return private_folder(self.folder / name)

    @property
    def logs(self) -> Path:
        return self.sub("logs")

    @property
    def run(self) -> Path:
        """The folder of pid files."""
        return self.sub("run")

    @property
    def secrets(self) -> Path:
        return self.sub("secrets")


def project_state() -> State:
    """Returns the state folder that AFTALE_STATE names, else that of the project."""
    return State(Path(os.environ.get("AFTALE_STATE") or PROGRAMS).absolute())
