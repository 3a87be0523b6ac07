"""Danish text as a search compares it and as a list sorts it; made here, because PostgreSQL is built without ICU."""

import unicodedata

GRAM = 3
"""Characters of an n-gram: a search needs a word of at least so many."""
_COMPARED = str.maketrans(
    {"æ": "ae", "ä": "ae", "ø": "oe", "ö": "oe", "œ": "oe", "å": "aa", "ð": "d", "đ": "d", "þ": "th", "ł": "l"}
)
"""How people write these letters without a Danish keyboard; accents of others fall away."""
_AE, _OE, _AA = "{", "|", "}"
"""What stands for æ, ø and å in sort keys: the characters that follow z."""
_SORTED = str.maketrans(
    {"æ": _AE, "ä": _AE, "ø": _OE, "ö": _OE, "œ": _OE, "å": _AA, "ü": "y", "ð": "d", "đ": "d", "þ": "th", "ł": "l"}
)


def folded(text: str) -> str:
    """Returns the words of a text in lower case, one space between two: å as aa, æ as ae, ø as oe, without accents.

    What is neither letter nor digit separates words. Two texts that people take for the same give the same.
    """
    return _words(_lower(text).translate(_COMPARED))


def grams(words: str) -> tuple[str, ...]:
    """Returns all sequences of three characters in the words of a folded text, each once, sorted.

    A word that contains another has all of its grams; shorter words have none.
    """
    found = {word[at : at + GRAM] for word in words.split() for at in range(len(word) - GRAM + 1)}
    return tuple(sorted(found))


def sort_key(text: str) -> str:
    """Returns a text whose order by bytes is the Danish one: æ, ø and å after z, aa as å, without accents and case."""
    plain = "".join(one if one.isalnum() else " " for one in _lower(text))
    return _words(plain.replace("aa", _AA).translate(_SORTED), also=_AE + _OE + _AA)


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _words(text: str, also: str = "") -> str:
    """Words without accents; characters in `also` are kept, others that are neither letter nor digit are not."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    letters = (one for one in decomposed if not unicodedata.combining(one))
    return " ".join("".join(one if one.isalnum() or one in also else " " for one in letters).split())
