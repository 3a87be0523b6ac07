"""Pages of a list: by a cursor, which says where the page before ended, and a limit.

A cursor is a key of the order, and carries no id that its asker was not shown. It opens nothing: every page is asked
for with the rights of whoever asks. What is added meanwhile moves no page.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Response

from shared.http.field_types import CursorAsked
from shared.http.problems import malformed

Row = TypeVar("Row")
LARGEST_PAGE = 1000
"""Also what is answered where no limit is asked for: so much came at once before there were pages."""
NEXT_CURSOR = "Next-Cursor"
"""The header that says where the next page begins, of an answer that is a list and has no place for more."""
PageCursor = Annotated[CursorAsked | None, Query(description="From the page before.")]
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
"""For routes whose answer is a list."""


def cursor_of(*key: object) -> str:
    """Where a page ended, as text that means nothing to its reader."""
    written = [part.isoformat() if isinstance(part, date) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(written, default=str).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The key that a cursor holds, each part read as its kind; None for the first page. Raises Problem (422)."""
    if cursor is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError("another key")
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise malformed("query.cursor", "the cursor does not read") from error


def instant(part: Any) -> datetime:
    """An instant of a key."""
    read = datetime.fromisoformat(part)
    if read.tzinfo is None:
        raise ValueError("no offset")
    return read


def instant_or_none(part: Any) -> datetime | None:
    """An instant of a key by which some items have none."""
    return None if part is None else instant(part)


def day(part: Any) -> date:
    """A day of a key."""
    return date.fromisoformat(part)


def text(part: Any) -> str:
    """A text of a key."""
    if not isinstance(part, str) or "\x00" in part:
        raise ValueError("no text")
    return part


def number(part: Any) -> int:
    """How many items with the same key came before."""
    if type(part) is not int or not 0 <= part < 2**31:
        raise ValueError("no number")
    return part


def uuid(part: Any) -> UUID:
    """An id of a key."""
    return UUID(part)


def cut(found: Sequence[Row], limit: int, key: Callable[[Row], Sequence[object]]) -> tuple[Sequence[Row], str | None]:
    """One page of what was found with one item more than a page has, and the cursor of the next page."""
    page = found[:limit]
    return page, cursor_of(*key(page[-1])) if len(found) > limit else None


def after(found: Sequence[Row], last: Sequence[object] | None, key: Callable[[Row], Sequence[Any]]) -> Sequence[Row]:
    """What of an ordered list comes after a page, where the whole was read anyway."""
    return found if last is None else [one for one in found if tuple(key(one)) > tuple(last)]


def tell_next(response: Response, cursor: str | None) -> None:
    """Say in a header where the next page begins."""
    if cursor is not None:
        response.headers[NEXT_CURSOR] = cursor
