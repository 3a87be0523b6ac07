"""Where a page of cases ended: opaque to the client, stable while cases come and go."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from services.reporting.view.errors import InvalidCursor


@dataclass(frozen=True)
class Cursor:
    """The last case of a page, by what cases are ordered by."""

    opened_at: datetime
    case_id: UUID

    def __str__(self) -> str:
        text = json.dumps([self.opened_at.isoformat(), str(self.case_id)])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises InvalidCursor."""
        try:
            opened_at, case_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            instant = datetime.fromisoformat(opened_at)
            if instant.tzinfo is None:
                raise InvalidCursor(text)
            return cls(instant, UUID(case_id))
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidCursor(f"not a cursor: {text}") from error
