"""Splits lists into pages, by a limit and a cursor that says where the previous page ended.

A cursor holds the sort key of the last item, and no id that the client was not shown. It grants no access: each page is
checked against the token of its own request. Items that are added between two requests do not shift the next page.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Response

from shared.http.field_types import CursorParameter
from shared.http.problems import malformed

Row = TypeVar("Row")
LARGEST_PAGE = 1000
"""Also the limit of a request that names none: releases without pages returned up to that many items at once."""
NEXT_CURSOR = "Next-Cursor"
"""Response header that holds the cursor of the next page if the body is a bare list, which has no field for it."""
PageCursor = Annotated[CursorParameter | None, Query(description="The cursor that the previous page gave.")]
PageLimit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Items on a page, at most.")]
IN_PAGES: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            NEXT_CURSOR: {
                "description": "Asks for the next page, as `cursor`; missing on the last.",
                "schema": {"type": "string"},
            }
        }
    }
}
"""OpenAPI responses of routes that answer with a bare list."""


def cursor_of(*key: object) -> str:
    """Encodes the sort key of the last item of a page as an opaque cursor."""
    written = [part.isoformat() if isinstance(part, date) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(written, default=str).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """Returns the sort key in a cursor, each part parsed by its kind; None for the first page. Raises Problem (422)."""
    if cursor is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError("another key")
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise malformed("query.cursor", "the cursor cannot be read") from error


def instant(part: Any) -> datetime:
    """Parses an instant in a sort key. Raises ValueError if its offset is missing."""
    read = datetime.fromisoformat(part)
    if read.tzinfo is None:
        raise ValueError("no offset")
    return read


def instant_or_none(part: Any) -> datetime | None:
    """Parses an instant in a sort key that some items lack."""
    return None if part is None else instant(part)


def day(part: Any) -> date:
    """Parses a day in a sort key."""
    return date.fromisoformat(part)


def text(part: Any) -> str:
    """Returns a text in a sort key. Raises ValueError if it is not text or holds NUL."""
    if not isinstance(part, str) or "\x00" in part:
        raise ValueError("no text")
    return part


def number(part: Any) -> int:
    """Parses how many earlier items have the same sort key. Raises ValueError."""
    if type(part) is not int or not 0 <= part < 2**31:
        raise ValueError("no number")
    return part


def uuid(part: Any) -> UUID:
    """Parses an id in a sort key."""
    return UUID(part)


def cut(found: Sequence[Row], limit: int, key: Callable[[Row], Sequence[object]]) -> tuple[Sequence[Row], str | None]:
    """Cuts a result that was queried with `limit` + 1 to one page; returns it with the next page's cursor, or None."""
    page = found[:limit]
    return page, cursor_of(*key(page[-1])) if len(found) > limit else None


def after(found: Sequence[Row], last: Sequence[object] | None, key: Callable[[Row], Sequence[Any]]) -> Sequence[Row]:
    """Returns the items of a complete, ordered list that come after the key `last`; all items if it is None."""
    return found if last is None else [one for one in found if tuple(key(one)) > tuple(last)]


def tell_next(response: Response, cursor: str | None) -> None:
    """Puts the cursor of the next page into a header, if there is a next page."""
    if cursor is not None:
        response.headers[NEXT_CURSOR] = cursor
