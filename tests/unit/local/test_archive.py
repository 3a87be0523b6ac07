"""A backup is read only where it is whole and as it was made."""

import tarfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from deploy.local import archive
from deploy.local.archive import MANIFEST, Manifest, Member, ServiceStand
from deploy.local.postgres_programs import Programs
from deploy.local.processes import UserError

NAME = "attachments/offers/case/" + "ab" * 32


def manifest(files: dict[str, Member], version: int = archive.FORMAT) -> Manifest:
    services = {"offers": ServiceStand(revisions={"event_store": "0005"}, epoch=1, position=7, relay_checkpoint=7)}
    made_at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    return Manifest(format=version, made_at=made_at, postgres_major=18, services=services, files=files)


def made(folder: Path, content: bytes = b"sealed") -> Path:
    source, file = folder / "source", folder / "it.tar"
    source.write_bytes(content)
    with archive.write_archive(file) as writer:
        with source.open("rb") as stream:
            writer.add(NAME, stream)
        writer.finish(manifest(writer.files))
    return file


def by_hand(folder: Path, said: Manifest, **content: bytes) -> Path:
    """With members as somebody else would have put them."""
    file = folder / "by-hand.tar"
    with tarfile.open(file, "w") as tar:
        for name, data in {**content, MANIFEST: said.model_dump_json().encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, BytesIO(data))
    return file


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    file = made(tmp_path)
    with archive.open_archive(file) as found:
        found.check()
        assert found.under("attachments/offers") == [NAME]
        assert found.open(NAME).read() == b"sealed"
        assert found.manifest.services["offers"].position == 7
    assert file.stat().st_mode & 0o077 == 0, "it holds keys"


def test_one_that_was_cut_off_is_none(tmp_path: Path) -> None:
    file = made(tmp_path, b"x" * 100_000)
    file.write_bytes(file.read_bytes()[:50_000])
    with pytest.raises(UserError, match="not a backup of Aftale"), archive.open_archive(file):
        pass


def test_one_whose_making_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), archive.write_archive(tmp_path / "it.tar"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"sealed", b"Sealed", 1))
    with (
        archive.open_archive(file) as found,
        pytest.raises(UserError, match="differs from the file that was backed up"),
    ):
        found.check()


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    file = by_hand(tmp_path, manifest({NAME: Member(size=1, sha256="0" * 64)}))
    with archive.open_archive(file) as found, pytest.raises(UserError, match="is missing"):
        found.check()


@pytest.mark.parametrize("name", ["attachments/../../etc/passwd", "/etc/passwd", "elsewhere/file", "secrets/a b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    file = by_hand(tmp_path, manifest({name: Member(size=1, sha256="0" * 64)}))
    with pytest.raises(UserError, match="names a file that no backup has"), archive.open_archive(file):
        pass


def test_another_format_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="has format 2"),
        archive.open_archive(by_hand(tmp_path, manifest({}, version=2))),
    ):
        pass


def test_an_older_pg_dump_than_the_server_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 18.4'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    assert Programs.fitting("postgresql:///aftale", 18, tmp_path).folder == tmp_path
    with pytest.raises(UserError, match="The server is PostgreSQL 19, and pg_dump must be of the same major"):
        Programs.fitting("postgresql:///aftale", 19, tmp_path)


def test_no_list_of_processes_shows_the_password() -> None:
    programs = Programs(Path("/bin"), "postgresql://aftale:secret@127.0.0.1:1/aftale?sslmode=require")
    command = programs.command("psql", "--quiet")
    assert command[-1] == "--dbname=postgresql://aftale@127.0.0.1:1/aftale?sslmode=require"
    assert "secret" not in " ".join(command)
    assert programs.environment()["PGPASSWORD"] == "secret"
