"""Secrets that the processes of a state folder share and that any of them may be the first to make."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from shared.private_folders import private_folder


def keep_first(file: Path, secret: bytes) -> None:
    """Make the file, readable by its owner only; whoever comes first wins, and nobody ever reads half of it."""
    private_folder(file.parent)
    # A name by pid would not do: in containers that share the folder, every service has the same.
    with NamedTemporaryFile(dir=file.parent) as unfinished:
        unfinished.write(secret)
        unfinished.flush()
        with suppress(FileExistsError):
            os.link(unfinished.name, file)
