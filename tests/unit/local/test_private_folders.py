"""Nobody but their owner enters the folders with data, logs and spans, whatever an earlier release has left."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.kafka import LocalKafka
from deploy.local.state import State
from shared.attachments.storage import FolderStorage
from shared.eventstore.personal_data_erasure import Erasure, Erasures
from shared.http.secret_files import keep_first
from shared.private_folders import PRIVATE, close_folders
from shared.telemetry.spans_to_file import SpansToFile


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """That of most machines: files and folders are open to be read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [str(one) for one in (folder, *folder.rglob("*")) if one.is_dir() and one.stat().st_mode & 0o077]


async def test_every_folder_of_data_is_made_for_its_owner_only(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    assert state.logs.is_dir()
    assert state.run.is_dir()
    assert LocalKafka(state).home.is_dir()
    keep_first(state.folder / "secrets" / "key", b"secret")
    Erasures.of_state(state.folder, "offers").add([Erasure(uuid4(), "case", datetime.now(UTC))])
    await FolderStorage(state.folder / "attachments" / "offers").keep(uuid4(), "0" * 64, BytesIO(b"sealed"))
    SpansToFile(state.folder / "spans", "offers").shutdown()
    made = {folder.name for folder in state.folder.iterdir()}
    assert made == {"logs", "run", "kafka", "secrets", "erasures", "attachments", "spans"}
    assert made <= set(PRIVATE)
    assert [name for name in made if open_to_others(state.folder / name)] == []


def test_folders_that_an_earlier_release_left_open_are_closed(tmp_path: Path) -> None:
    for name in PRIVATE:
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
    assert open_to_others(tmp_path / "logs")
    close_folders(tmp_path)
    assert [name for name in PRIVATE if open_to_others(tmp_path / name)] == []
    assert all((tmp_path / name / "kept").exists() for name in PRIVATE)
