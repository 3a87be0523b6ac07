"""Explains the words of the authority that a company may not know, each where it first stands in a text."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, get_args

from shared.deadlines.in_words import Language

WORDS_FILE: Final = Path(__file__).with_name("words.csv")
_COLUMNS: Final = ("language", "word", "forms", "explanation")


@dataclass(frozen=True)
class Word:
    """A word that needs an explanation."""

    name: str
    forms: tuple[str, ...]
    """How it stands in texts, in lower case."""
    explanation: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = "|".join(re.escape(form) for form in sorted(self.forms, key=len, reverse=True))
        return re.compile(rf"(?<![\w-])(?:{forms})(?![\w-])", re.IGNORECASE)

    def first_place(self, text: str) -> re.Match[str] | None:
        """Returns where the word first stands in a text as a whole word, in whatever case."""
        return self._pattern.search(text)


def read_words(content: str) -> Mapping[Language, Sequence[Word]]:
    """Returns the words by language. Raises ValueError for a line that lacks something."""
    rows = csv.DictReader(content.splitlines())
    if tuple(rows.fieldnames or ()) != _COLUMNS:
        raise ValueError(f"its columns must be {', '.join(_COLUMNS)}")
    words: dict[Language, list[Word]] = {language: [] for language in get_args(Language)}
    for row in rows:
        if not all(row.values()) or row["language"] not in words:
            raise ValueError(f"line {rows.line_num} lacks a language, a word, its forms or its explanation")
        language: Language = "da" if row["language"] == "da" else "en"
        words[language].append(Word(row["word"], tuple(row["forms"].split("|")), row["explanation"]))
    return words


def explain(texts: Iterable[str], words: Iterable[Word]) -> Sequence[str]:
    """Returns the texts with each word explained in brackets where it stands first, unless brackets follow already."""
    told = list(texts)
    for word in words:
        for number, text in enumerate(told):
            found = word.first_place(text)
            if found is None:
                continue
            if not text[found.end() :].startswith((" (", " – ")):
                told[number] = f"{text[: found.end()]} ({word.explanation}){text[found.end() :]}"
            break
    return told
