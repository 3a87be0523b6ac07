"""Where the bytes of files lie: one interface, and a folder behind it on one machine."""

import asyncio
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol
from uuid import UUID


class AttachmentStorage(Protocol):
    """Keeps sealed bytes by case and by the hash of what they hold; the same name always holds the same."""

    async def keep(self, case: UUID, sha256: str, sealed: bytes) -> None:
        """Whole or not at all; again is no harm."""

    async def read(self, case: UUID, sha256: str) -> bytes | None:
        """None where nothing was kept."""


class FolderStorage:
    """A folder per case in the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, case: UUID, sha256: str, sealed: bytes) -> None:
        """See AttachmentStorage."""
        await asyncio.to_thread(self._keep, self._path(case, sha256), sealed)

    async def read(self, case: UUID, sha256: str) -> bytes | None:
        """See AttachmentStorage."""
        path = self._path(case, sha256)
        return await asyncio.to_thread(lambda: path.read_bytes() if path.exists() else None)

    def _path(self, case: UUID, sha256: str) -> Path:
        return self._folder / str(case) / sha256

    @staticmethod
    def _keep(path: Path, sealed: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
            unfinished.write(sealed)
        Path(unfinished.name).replace(path)
