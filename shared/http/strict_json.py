"""What JSON leaves open, decided: readers that differ must not read two things in one body."""

import json
from typing import Any


class NotStrictJson(ValueError):
    """A body that is no JSON, or JSON that two readers could understand in two ways; says why."""


def check(content: bytes, *, deepest: int) -> None:
    """Refuse what is not JSON in UTF-8 with each name once per object, in finite numbers. Raises NotStrictJson."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"is not UTF-8 at byte {error.start}") from error
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
        raise NotStrictJson(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise NotStrictJson(f"is not JSON that is read here: {error}") from error


def _refuse_depth(text: str, deepest: int) -> None:
    """Brackets in texts do not count. Only where there are more brackets than levels is every character looked at."""
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
                raise NotStrictJson(f"is nested deeper than {deepest} levels")
        elif character in "]}":
            depth -= 1


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise NotStrictJson(f"names {twice} twice in one object")
    return read


def _no_number(written: str) -> Any:
    raise NotStrictJson(f"holds {written}, which is no number")


def _finite(written: str) -> float:
    number = float(written)
    if number in (float("inf"), float("-inf")):
        raise NotStrictJson(f"holds {written[:40]}, which is larger than any number here")
    return number
