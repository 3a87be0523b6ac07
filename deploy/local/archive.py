"""A backup as one file: a tar archive whose last member, the manifest, says what it holds and that it is whole."""

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

from deploy.local.processes import Fault

FORMAT = 1
MANIFEST = "manifest.json"
_NAME = re.compile(r"(databases|attachments|erasures|secrets|policies)(/[\w.-]+)+")
_PIECE = 1024 * 1024


class ServiceStand(BaseModel):
    """Where a service stood when its database was copied."""

    revisions: dict[str, str]
    """Of its schema, by chain of migrations."""
    epoch: int | None = None
    position: int | None = None
    """Of the newest event; both are None for reporting, which records nothing of its own."""
    relay_checkpoint: int | None = None


class Member(BaseModel):
    """A file of the archive."""

    size: int
    sha256: str


class Manifest(BaseModel):
    """What the archive holds."""

    format: int
    made_at: datetime
    """When the databases were copied: all of them as they stood at this one instant."""
    postgres_major: int
    services: dict[str, ServiceStand]
    files: dict[str, Member]


class Writing:
    """An archive that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, Member] = {}

    def add(self, name: str, source: BinaryIO) -> None:
        """A file, read to the size that it has now."""
        info = tarfile.TarInfo(name)
        info.size = os.fstat(source.fileno()).st_size
        info.mode = 0o600
        hashed = _Hashing(source)
        self._tar.addfile(info, hashed)
        self.files[name] = Member(size=info.size, sha256=hashed.digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """The manifest comes last: an archive that was cut off has none."""
        content = manifest.model_dump_json(indent=2).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(content)
        info.mode = 0o600
        self._tar.addfile(info, io.BytesIO(content))


@contextmanager
def writing(file: Path) -> Iterator[Writing]:
    """Under its own name only once it is whole and on the disk; for its owner only, since it holds keys."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(0o600)
    try:
        with unfinished.open("wb") as stream:
            with tarfile.open(fileobj=stream, mode="w") as tar:
                yield Writing(tar)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


class Archive:
    """An archive that is read."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    @classmethod
    def read(cls, tar: tarfile.TarFile) -> Self:
        """Raises Fault where it is none of ours, or of another format."""
        found = tar.extractfile(MANIFEST) if MANIFEST in tar.getnames() else None
        if found is None:
            raise Fault(f"It has no {MANIFEST}: it is no backup of Aftale, or it was cut off while it was made.")
        try:
            manifest = Manifest.model_validate_json(found.read())
        except ValidationError as error:
            raise Fault(f"Its {MANIFEST} does not read: {error}") from error
        if manifest.format != FORMAT:
            raise Fault(f"It has format {manifest.format}, and this release reads format {FORMAT}.")
        if odd := [name for name in manifest.files if not _NAME.fullmatch(name) or ".." in PurePosixPath(name).parts]:
            raise Fault(f"Its {MANIFEST} names what no backup holds: {odd[0]}")
        return cls(tar, manifest)

    def check(self) -> None:
        """Compare every file with the manifest. Raises Fault."""
        for name, member in self.manifest.files.items():
            digest, size = hashlib.sha256(), 0
            with self.open(name) as content:
                while piece := content.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
            if (size, digest.hexdigest()) != (member.size, member.sha256):
                raise Fault(f"{name} is not as it was when the backup was made. Nothing was changed.")

    def open(self, name: str) -> BinaryIO:
        """A file of the archive. Raises Fault where it is missing."""
        try:
            found = self._tar.extractfile(name)
        except KeyError:
            found = None
        if found is None:
            raise Fault(f"{name} is missing in the archive. Nothing was changed.")
        return found  # type: ignore[return-value]  # a BufferedReader, which is a BinaryIO

    def under(self, folder: str) -> list[str]:
        """The names of its files in a folder."""
        return [name for name in self.manifest.files if name.startswith(f"{folder}/")]


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Raises Fault."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            yield Archive.read(tar)
    except (tarfile.TarError, FileNotFoundError, IsADirectoryError, EOFError) as error:
        raise Fault(f"{file} is no backup of Aftale: {error}") from error


class _Hashing:
    """Reads, and hashes what it has read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.digest.update(piece)
        return piece
