"""Where everything that runs on one machine keeps its files."""

import os
from dataclasses import dataclass
from pathlib import Path

from shared.private_folders import private_folder

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = PROJECT / ".aftale"
"""What is installed, not made: the virtual environment and Kafka's jars; every state folder uses the same."""


@dataclass(frozen=True)
class State:
    """One folder with the data, logs and secrets of one set of servers and services."""

    folder: Path

    def sub(self, name: str) -> Path:
        """A folder of that name for its owner only, made if it is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return private_folder(self.folder / name)

    @property
    def logs(self) -> Path:
        return self.sub("logs")

    @property
    def run(self) -> Path:
        """Pid files."""
        return self.sub("run")

    @property
    def secrets(self) -> Path:
        return self.sub("secrets")


def project_state() -> State:
    """The state folder of the project, or the one that AFTALE_STATE names."""
    return State(Path(os.environ.get("AFTALE_STATE") or PROGRAMS).absolute())
