"""What somebody searches for: words, and what each may mean (R26)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from shared.danish_text import GRAM, folded, grams
from shared.reference.reference import Term as Code
from shared.reference.reference import industries, problem_groups, topics

MOST_WORDS = 8
"""Words of a search, at most."""
_OWN_NUMBER = re.compile(r"(\d{4})-(\d{1,9})")
_SHORTEST_NUMBER = 4
"""Characters of a case number with which a search may begin."""


@dataclass(frozen=True)
class SearchTerm:
    """Something that a case must have, in one way or another."""

    words: tuple[str, ...]
    """R26: folded words that a unit of the case must all have in its name, address, postcode or numbers."""
    numbers: tuple[str, ...] = ()
    """How the number of the case may begin, in lower case."""
    cvr: str | None = None
    p_number: str | None = None
    topics: tuple[str, ...] = ()
    problem_groups: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()

    @property
    def is_of_unit_alone(self) -> bool:
        """Returns whether only a unit can have it."""
        return not any((self.numbers, self.cvr, self.p_number, self.topics, self.problem_groups, self.industries))

    @property
    def grams(self) -> tuple[str, ...]:
        """Returns the n-grams of the words."""
        return grams(" ".join(self.words))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Returns what the folded text of a unit must be like: a short word begins a word there, others are inside."""
        return tuple(
            f"%{word}%" if all(len(part) >= GRAM for part in word.split()) else f"% {word}%" for word in self.words
        )


def terms_of(text: str) -> tuple[SearchTerm, ...]:
    """Returns the terms of a search; a case must have them all. Words that only a unit can have are one term."""
    terms = [term for word in text.split() if (term := _term(word)).words]
    of_units = [term for term in terms if term.is_of_unit_alone]
    others = [term for term in terms if not term.is_of_unit_alone]
    if not of_units:
        return tuple(others)
    return (SearchTerm(tuple(word for term in of_units for word in term.words)), *others)


def is_too_short(text: str) -> bool:
    """Returns whether no word of a search has three letters or digits in a row, so that no index finds anything."""
    return not grams(folded(text))


def codes_found(terms: Iterable[SearchTerm]) -> list[tuple[str, Code]]:
    """Returns the codes that terms were taken for, each with the name of its list."""
    lists = _lists()
    return [(name, codes[code]) for term in terms for name, codes in lists.items() for code in getattr(term, name)]


def _term(word: str) -> SearchTerm:
    compared = folded(word)
    digits = compared.replace(" ", "")
    is_number = digits.isascii() and digits.isdigit()
    named = _codes_named(compared)
    return SearchTerm(
        words=(compared,) if compared else (),
        numbers=_numbers(word.lower()),
        cvr=digits if is_number and len(digits) == 8 else None,
        p_number=digits if is_number and len(digits) == 10 else None,
        topics=named["topics"],
        problem_groups=named["problem_groups"],
        industries=named["industries"],
    )


def _numbers(word: str) -> tuple[str, ...]:
    """A number may be written without the zeros that fill it up."""
    if len(word) < _SHORTEST_NUMBER or not any(one.isdigit() for one in word):
        return ()
    own = _OWN_NUMBER.fullmatch(word)
    return (word,) if own is None else tuple(dict.fromkeys((word, f"{own[1]}-{own[2].zfill(6)}")))


def _codes_named(word: str) -> Mapping[str, tuple[str, ...]]:
    """The codes whose Danish or English name contains a word that is not short; a topic also by its code."""
    return {
        name: tuple(code for code, told in codes.items() if len(word) >= GRAM and word in told)
        for name, codes in _searched_names().items()
    }


@cache
def _searched_names() -> Mapping[str, Mapping[str, str]]:
    """The folded names of each code, by the name of its list; people say topics by their codes, too."""
    return {
        name: {
            code: folded(f"{term.danish}, {term.english} {code if name == 'topics' else ''}")
            for code, term in codes.items()
        }
        for name, codes in _lists().items()
    }


def _lists() -> Mapping[str, Mapping[str, Code]]:
    return {"topics": topics(), "problem_groups": problem_groups(), "industries": industries()}
