"""A backup is one tar archive. Its last member, the manifest, lists what it holds and shows that it is complete."""

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from pydantic import BaseModel, ValidationError

from deploy.local.processes import UserError

FORMAT = 1
MANIFEST = "manifest.json"
_NAME = re.compile(r"(databases|attachments|erasures|secrets|policies)(/[\w.-]+)+")
_PIECE = 1024 * 1024


class ServiceStand(BaseModel):
    """The state of a service when its database was copied."""

    revisions: dict[str, str]
    """The revision of its schema, by chain of migrations."""
    epoch: int | None = None
    position: int | None = None
    """The position of the newest event. Epoch and position are None for reporting, which records no events."""
    relay_checkpoint: int | None = None


class Member(BaseModel):
    """Size and SHA-256 of a file in the archive."""

    size: int
    sha256: str


class Manifest(BaseModel):
    """The contents of an archive, as its last member lists them."""

    format: int
    made_at: datetime
    """When the databases were copied; all of them are from the same snapshot."""
    postgres_major: int
    services: dict[str, ServiceStand]
    files: dict[str, Member]


class ArchiveWriter:
    """Writes the members of a new archive."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, Member] = {}

    def add(self, name: str, source: BinaryIO) -> None:
        """Adds a file, up to the size that it has now; what is appended meanwhile is left out."""
        info = tarfile.TarInfo(name)
        info.size = os.fstat(source.fileno()).st_size
        info.mode = 0o600
        hashed = _Hashing(source)
        self._tar.addfile(info, hashed)
        self.files[name] = Member(size=info.size, sha256=hashed.digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Writes the manifest as the last member, so that a truncated archive has none."""
        content = manifest.model_dump_json(indent=2).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(content)
        info.mode = 0o600
        self._tar.addfile(info, io.BytesIO(content))


@contextmanager
def write_archive(file: Path) -> Iterator[ArchiveWriter]:
    """Writes an archive that only its owner can read. It gets its name when it is complete and on the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(0o600)
    try:
        with unfinished.open("wb") as stream:
            with tarfile.open(fileobj=stream, mode="w") as tar:
                yield ArchiveWriter(tar)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


class Archive:
    """An open archive, for reading."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    @classmethod
    def read(cls, tar: tarfile.TarFile) -> Self:
        """Reads the manifest. Raises UserError if the file is no backup of Aftale or has another format."""
        found = tar.extractfile(MANIFEST) if MANIFEST in tar.getnames() else None
        if found is None:
            raise UserError(f"It has no {MANIFEST}: it is not a backup of Aftale, or writing it was interrupted.")
        try:
            manifest = Manifest.model_validate_json(found.read())
        except ValidationError as error:
            raise UserError(f"Its {MANIFEST} cannot be read: {error}") from error
        if manifest.format != FORMAT:
            raise UserError(f"It has format {manifest.format}, and this release reads format {FORMAT}.")
        if odd := [name for name in manifest.files if not _NAME.fullmatch(name) or ".." in PurePosixPath(name).parts]:
            raise UserError(f"Its {MANIFEST} names a file that no backup has: {odd[0]}")
        return cls(tar, manifest)

    def check(self) -> None:
        """Compares every file with the manifest. Raises UserError if one differs."""
        for name, member in self.manifest.files.items():
            digest, size = hashlib.sha256(), 0
            with self.open(name) as content:
                while piece := content.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
            if (size, digest.hexdigest()) != (member.size, member.sha256):
                raise UserError(f"{name} differs from the file that was backed up. Nothing was changed.")

    def open(self, name: str) -> BinaryIO:
        """Opens a file of the archive. Raises UserError if it is missing."""
        try:
            found = self._tar.extractfile(name)
        except KeyError:
            found = None
        if found is None:
            raise UserError(f"{name} is missing in the archive. Nothing was changed.")
        return found  # type: ignore[return-value]  # a BufferedReader, which is a BinaryIO

    def under(self, folder: str) -> list[str]:
        """Returns the names of the archive's files in a folder."""
        return [name for name in self.manifest.files if name.startswith(f"{folder}/")]


@contextmanager
def open_archive(file: Path) -> Iterator[Archive]:
    """Opens an archive for reading. Raises UserError if the file is no backup of Aftale."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            yield Archive.read(tar)
    except (tarfile.TarError, FileNotFoundError, IsADirectoryError, EOFError) as error:
        raise UserError(f"{file} is not a backup of Aftale: {error}") from error


class _Hashing:
    """Wraps a file and hashes everything that is read from it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.digest.update(piece)
        return piece
