"""Installs the peers' own environments on first use; Aftale itself needs none of them."""

import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.processes import UserError
from deploy.local.state import PROGRAMS

HERE = Path(__file__).parent
ENVIRONMENT = PROGRAMS / "peers"


def python_of_eventsourcing() -> Path:
    """Returns the Python interpreter with the library, installed as requirements.txt pins it."""
    folder = ENVIRONMENT / "eventsourcing"
    python = folder / "bin" / "python"
    pinned = (HERE / "requirements.txt").read_bytes()
    if not _made(folder, pinned):
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(HERE / "requirements.txt")])
        (folder / "made-of").write_bytes(pinned)
    return python


def folder_of_npm_packages() -> Path:
    """Returns the folder with the packages of Emmett and message-db. Raises UserError if there is no npm."""
    folder = ENVIRONMENT / "npm"
    pinned = (HERE / "package.json").read_bytes()
    if not _made(folder, pinned):
        if shutil.which("npm") is None:
            raise UserError("Emmett and message-db need Node.js 20 or newer, with npm.")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", folder)
        _run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"], cwd=folder)
        (folder / "made-of").write_bytes(pinned)
    return folder


def _made(folder: Path, pinned: bytes) -> bool:
    stamp = folder / "made-of"
    return stamp.exists() and stamp.read_bytes() == pinned


def _run(command: list[str], cwd: Path = HERE) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"{' '.join(command[:4])} ... failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
