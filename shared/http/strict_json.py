"""Refuses JSON that two parsers could read differently, such as one name twice in an object."""

import json
from typing import Any

from shared.http.errors import NotStrictJson

_NO_JSON = "is not JSON: {why} at line {line}, column {column}"


def check(content: bytes, *, deepest: int) -> None:
    """Checks that a body is JSON in UTF-8 with unique names per object and finite numbers. Raises NotStrictJson."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson("is not UTF-8 at byte {byte}", byte=error.start) from error
    if text.startswith("\ufeff"):
        raise NotStrictJson("begins with a byte order mark, which JSON has none of")
    _refuse_depth(text, deepest)
    try:
        told = json.loads(text, object_pairs_hook=_each_name_once, parse_constant=_no_number, parse_float=_finite)
        json.dumps(told, ensure_ascii=False).encode()
    except NotStrictJson:
        raise
    except UnicodeEncodeError as error:
        raise NotStrictJson("holds half a surrogate pair, which is no character") from error
    except json.JSONDecodeError as error:
        raise NotStrictJson(_NO_JSON, why=error.msg, line=error.lineno, column=error.colno) from error
    except (ValueError, RecursionError) as error:
        raise NotStrictJson("is not JSON that is read here") from error


def _refuse_depth(text: str, deepest: int) -> None:
    """Raises NotStrictJson if the nesting is too deep. Reads each character only if there are enough brackets."""
    if text.count("[") + text.count("{") <= deepest:
        return
    depth, in_text, escaped = 0, False, False
    for character in text:
        if in_text:
            escaped, in_text = (False, True) if escaped else (character == "\\", character != '"')
        elif character == '"':
            in_text = True
        elif character in "[{":
            depth += 1
            if depth > deepest:
                raise NotStrictJson("is nested deeper than {deepest} levels", deepest=deepest)
        elif character in "]}":
            depth -= 1


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise NotStrictJson("names {twice} twice in one object", twice=twice)
    return read


def _no_number(written: str) -> Any:
    raise NotStrictJson("holds {written}, which is no number", written=written)


def _finite(written: str) -> float:
    number = float(written)
    if number in (float("inf"), float("-inf")):
        raise NotStrictJson("holds {written}, which is larger than any number here", written=written[:40])
    return number
