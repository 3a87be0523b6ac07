"""Reads the files of texts from their contents, and finds every fault in them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, get_args

from services.notices.rules.errors import FaultyTexts
from services.notices.rules.text_file import Frame, TextFile
from services.notices.rules.text_needs import NEEDS
from services.notices.rules.texts import Texts
from shared.contracts.notices import Occasion
from shared.deadlines.in_words import Language
from shared.texts.words import Word, read_words

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_WORDS: Final = "words.csv"
_FINGERPRINT: Final = 8


def read_texts(files: Mapping[str, str]) -> Texts:
    """Returns all texts from the contents of the files, by their paths, e.g. `da/result.toml`.

    Raises FaultyTexts that names every fault of every file.
    """
    reading = _Reading(files)
    words = reading.words()
    frames = {language: frame for language in LANGUAGES if (frame := reading.frame(language)) is not None}
    read = {
        (language, occasion): file
        for language in LANGUAGES
        for occasion in Occasion
        if (file := reading.text(language, occasion)) is not None
    }
    reading.refuse_unknown_files()
    if reading.faults:
        raise FaultyTexts(reading.faults)
    versions: dict[tuple[Language, Occasion | None], str] = {
        (language, None): _version(frame.version, files, _frame(language)) for language, frame in frames.items()
    }
    for (language, occasion), file in read.items():
        versions[language, occasion] = _version(file.version, files, _frame(language), _path(language, occasion))
    return Texts(read, frames, words, versions)


def _path(language: Language, occasion: Occasion) -> str:
    return f"{language}/{occasion}.toml"


def _frame(language: Language) -> str:
    return f"{language}/frame.toml"


def _version(number: int, files: Mapping[str, str], *paths: str) -> str:
    content = "\0".join(files[path] for path in (*paths, _WORDS))
    return f"{number}-{sha256(content.encode()).hexdigest()[:_FINGERPRINT]}"


class _Reading:
    """Reads the files, and gathers their faults."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._unread = set(files)
        self.faults: list[str] = []

    def words(self) -> Mapping[Language, Sequence[Word]]:
        """Returns the words that need an explanation; none if the file is faulty."""
        try:
            return read_words(self._content(_WORDS))
        except ValueError as wrong:
            self._note(_WORDS, str(wrong))
            return {}

    def frame(self, language: Language) -> Frame | None:
        """Returns what stands around all texts of a language; None if the file is faulty."""
        path = _frame(language)
        try:
            frame = Frame.read(self._content(path))
        except ValueError as wrong:
            self._note(path, str(wrong))
            return None
        for fault in frame.faults():
            self._note(path, fault)
        return frame

    def text(self, language: Language, occasion: Occasion) -> TextFile | None:
        """Returns the words of an occasion; None if the file is faulty."""
        path = _path(language, occasion)
        try:
            file = TextFile.read(self._content(path))
        except ValueError as wrong:
            self._note(path, str(wrong))
            return None
        for fault in file.faults(NEEDS[occasion]):
            self._note(path, fault)
        return file

    def refuse_unknown_files(self) -> None:
        """Notes the files that belong to no occasion."""
        for path in sorted(self._unread):
            self._note(path, "belongs to no occasion")

    def _content(self, path: str) -> str:
        self._unread.discard(path)
        if path not in self._files:
            raise ValueError("is missing")
        return self._files[path]

    def _note(self, path: str, faults: str) -> None:
        self.faults += [f"{path}: {fault}" for fault in faults.splitlines()]
