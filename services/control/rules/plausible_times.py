"""Refuses impossible times: in the future, or before the event that must come first (R17, R21, R22, R24)."""

from datetime import datetime

from shared.eventstore.errors import Refused


def refuse_impossible_time(rule: str, held_at: datetime, *, now: datetime, after: datetime) -> None:
    """R17: refuses a time in the future, or before the event that it follows. The refusal names `rule`."""
    if held_at > now:
        raise Refused(rule, "{held_at} has not come yet", held_at=held_at)
    if held_at < after:
        raise Refused(rule, "{held_at} is before {after}", held_at=held_at, after=after)
