"""Reads the files of texts, once per process."""

from functools import cache
from pathlib import Path
from typing import Final

from services.notices.rules.text_reading import read_texts
from services.notices.rules.texts import Texts

TEXT_FILES: Final = Path(__file__).parents[1] / "texts"


@cache
def load_texts(folder: Path = TEXT_FILES) -> Texts:
    """Returns all texts. Raises FaultyTexts that names every fault of every file."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return read_texts({file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files})
