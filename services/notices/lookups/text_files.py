"""Reads the files of texts, once per process."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from services.notices.rules.text_reading import read_texts
from services.notices.rules.texts import Texts
from shared.texts.words import WORDS_FILE

TEXT_FILES: Final = Path(__file__).parents[1] / "texts"


@cache
def load_texts(folder: Path = TEXT_FILES) -> Texts:
    """Returns all texts. Raises FaultyTexts that names every fault of every file."""
    return read_texts(contents(folder))


def contents(folder: Path = TEXT_FILES) -> Mapping[str, str]:
    """Returns what stands in the files by their paths, with the words that messages share with letters."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    found = {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files}
    return {WORDS_FILE.name: WORDS_FILE.read_text(encoding="utf-8"), **found}
