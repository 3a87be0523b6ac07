"""Finds pg_dump, pg_restore and psql in a version that suits the server, and hides the password when they run."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from deploy.local.processes import UserError


@dataclass(frozen=True)
class Programs:
    """The PostgreSQL programs of one folder, for one database."""

    folder: Path
    dsn: str

    @classmethod
    def fitting(cls, dsn: str, server_major: int, own: Path) -> Self:
        """Returns the project's programs, or newer ones on PATH for a newer server. Raises UserError if none suit."""
        on_path = shutil.which("pg_dump")
        folders = [own, *([Path(on_path).parent] if on_path else [])]
        majors = {folder: _major(folder) for folder in folders}
        for folder, major in majors.items():
            if major >= server_major:
                return cls(folder, dsn)
        found = ", ".join(f"{major} in {folder}" for folder, major in majors.items())
        raise UserError(
            f"The server is PostgreSQL {server_major}, and pg_dump must be of the same major version or newer; "
            f"here is {found}. Put that of PostgreSQL {server_major} on PATH."
        )

    def command(self, program: str, *arguments: str) -> list[str]:
        """Returns a command that connects to the database. The password is not in it: see `environment`."""
        parts = urlsplit(self.dsn)
        address = parts.netloc.rpartition("@")[2]
        user = f"{parts.username}@" if parts.username else ""
        without = urlunsplit(parts._replace(netloc=f"{user}{address}"))
        return [str(self.folder / program), *arguments, "--no-password", f"--dbname={without}"]

    def environment(self) -> dict[str, str]:
        """Returns the environment of the programs, with the password, so that no list of processes shows it."""
        password = urlsplit(self.dsn).password
        return {**os.environ, **({"PGPASSWORD": password} if password else {})}


def _major(folder: Path) -> int:
    said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(\.|devel|beta|rc)", said)
    return int(found[1]) if found else 0
