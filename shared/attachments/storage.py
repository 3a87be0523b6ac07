"""Stores encrypted files: an interface, and an implementation that uses a folder of one machine."""

import asyncio
import os
import shutil
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Protocol
from uuid import UUID

from shared.private_folders import private_folder


class AttachmentStorage(Protocol):
    """Stores the encrypted files of one service, by case and by the hash of their content."""

    async def keep(self, case: UUID, sha256: str, sealed: BinaryIO) -> None:
        """Stores a file atomically and durably; the same file again replaces the stored one."""

    async def open(self, case: UUID, sha256: str) -> BinaryIO | None:
        """Opens a file, which the caller reads once and closes; returns None if it is not stored."""

    async def count(self, case: UUID) -> int:
        """Returns the number of files of a case."""

    async def remove(self, case: UUID) -> int:
        """Removes all files of a case durably; returns how many there were."""


class FolderStorage:
    """Stores files in one folder per case. Raises OSError if the disk cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, case: UUID, sha256: str, sealed: BinaryIO) -> None:
        """Implements AttachmentStorage."""
        await asyncio.to_thread(self._keep, self._path(case, sha256), sealed)

    async def open(self, case: UUID, sha256: str) -> BinaryIO | None:
        """Implements AttachmentStorage."""
        try:
            return await asyncio.to_thread(self._path(case, sha256).open, "rb")
        except FileNotFoundError:
            return None

    async def count(self, case: UUID) -> int:
        """Implements AttachmentStorage."""
        return await asyncio.to_thread(lambda: len(self._files(case)))

    async def remove(self, case: UUID) -> int:
        """Implements AttachmentStorage."""
        return await asyncio.to_thread(self._remove, case)

    def _remove(self, case: UUID) -> int:
        files = self._files(case)
        if files:
            shutil.rmtree(self._folder / str(case))
            self._make_durable(self._folder)
        return len(files)

    def _files(self, case: UUID) -> list[Path]:
        folder = self._folder / str(case)
        return list(folder.iterdir()) if folder.exists() else []

    def _path(self, case: UUID, sha256: str) -> Path:
        return self._folder / str(case) / sha256

    @staticmethod
    def _keep(path: Path, sealed: BinaryIO) -> None:
        private_folder(path.parent)
        with NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
            try:
                shutil.copyfileobj(sealed, unfinished)
                unfinished.flush()
                os.fsync(unfinished.fileno())
                os.replace(unfinished.name, path)
            finally:
                Path(unfinished.name).unlink(missing_ok=True)
        FolderStorage._make_durable(path.parent)

    @staticmethod
    def _make_durable(folder: Path) -> None:
        """Fsyncs the folder, so that a new or removed file name survives a power failure."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
