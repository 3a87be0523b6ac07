"""Writes the table of the occasions on which somebody is told, for docs/rules.md (R29)."""

from services.notices.rules.occasion import OccasionRule
from services.notices.rules.occasions import OCCASIONS

_HEADER = """
## Who is told of what

From `services/notices/rules/occasions`. The service that tells it does not run yet. *Raised by* are the facts after
which somebody is told, *ended by* those that make it superfluous.
What cannot wait is sent at once; the rest reaches people at the authority in a digest. What has
legal effect is sent again where a process ended in between, and nobody can choose not to get it.
What is said: [messages.md](messages.md).

| occasion | rules | who is told | raised by | ended by | at once | legal effect |
| --- | --- | --- | --- | --- | --- | --- |
"""


def table() -> str:
    """Returns the table, in the order of the process."""
    return _HEADER + "".join(map(_row, OCCASIONS.values()))


def _row(rule: OccasionRule) -> str:
    told = ", ".join(recipient.replace("_", " ") for recipient in rule.recipients)
    raised = ", ".join(f"`{fact.__name__}`" for fact in rule.raised_by) or "a failed try"
    ended = ", ".join(f"`{fact.__name__}`" for fact in rule.ended_by) or "nothing"
    at_once, legal = (("yes" if one else "") for one in (rule.at_once, rule.has_legal_effect))
    return f"| `{rule.occasion}` | {rule.rule} | {told} | {raised} | {ended} | {at_once} | {legal} |\n"
