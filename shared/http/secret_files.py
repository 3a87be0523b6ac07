"""Creates the secrets that the processes of a state folder share, whichever process needs one first."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from shared.private_folders import private_folder


def keep_first(file: Path, secret: bytes) -> None:
    """Writes a secret for its owner only, unless another process was first; no process ever reads half a file."""
    private_folder(file.parent)
    # A name by pid would not do: in containers that share the folder, every service has the same.
    with NamedTemporaryFile(dir=file.parent) as unfinished:
        unfinished.write(secret)
        unfinished.flush()
        with suppress(FileExistsError):
            os.link(unfinished.name, file)
