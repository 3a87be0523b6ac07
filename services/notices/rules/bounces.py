"""Reads what comes to a return address: only a report of RFC 3464 that a message failed says anything (R4)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Parsed

from services.notices.rules.message import returned_message

_FAILED = "failed"
_REACHED_SOMEBODY = frozenset({"delivered", "relayed", "expanded"})
_UNKNOWN_REASON = "5.0.0"
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_MOST_PARTS = 60
"""A report has few parts, those of the mail that came back included. Python's parser recurses at each level."""


@dataclass(frozen=True)
class Bounce:
    """R4: a report says that a message was not delivered."""

    message_id: str
    final: bool
    """Whether the address itself fails (5.x.x). Otherwise it can work another time, as after a full mailbox."""
    status: str
    """The enhanced status code of RFC 3463; nothing else of what the server said is kept."""


def read_bounce(raw: bytes, recipient: str, domain: str, keys: Sequence[bytes]) -> Bounce | None:
    """R4: returns what a mail to a return address reports, or None: then it changes nothing. Never raises.

    It counts only as a delivery report (multipart/report with a delivery-status) with the action *failed*, and only if
    the address has a valid tag. Replies, vacation notes, delays, and what was relayed say nothing; nor does a report
    about several recipients of whom one was reached, as on a list of the company's.
    """
    told = returned_message(recipient, domain, keys)
    if told is None:
        return None
    recipients = list(_recipients(raw))
    actions = {_value(one, "Action").split(" ")[0].lower() for one in recipients}
    if _FAILED not in actions or actions & _REACHED_SOMEBODY:
        return None
    failed = [one for one in recipients if _value(one, "Action").lower().startswith(_FAILED)]
    found = _STATUS.match(_value(failed[0], "Status"))
    status = found[0] if found else _UNKNOWN_REASON
    return Bounce(told, final=status.startswith("5"), status=status)


def is_report(raw: bytes) -> bool:
    """Returns whether a mail is a delivery report at all, whatever it says."""
    return _report(raw) is not None


def _recipients(raw: bytes) -> Iterator["Parsed[str, str]"]:
    """Yields the fields about each recipient. Those about the message itself come first, and have no action."""
    report = _report(raw)
    if report is None:
        return
    for part in _parts(report):
        if part.get_content_type() == "message/delivery-status":
            yield from (block for block in _parts(part) if "Action" in block)
            return


def _report(raw: bytes) -> "Parsed[str, str] | None":
    if raw.lower().count(b"content-type") > _MOST_PARTS:
        return None
    mail = message_from_bytes(raw)
    kind = mail.get_param("report-type")
    is_delivery_report = isinstance(kind, str) and kind.lower() == "delivery-status"
    return mail if mail.get_content_type() == "multipart/report" and is_delivery_report else None


def _parts(mail: "Parsed[str, str]") -> list["Parsed[str, str]"]:
    parts = mail.get_payload()
    return [part for part in parts if isinstance(part, Parsed)] if isinstance(parts, list) else []


def _value(fields: "Parsed[str, str]", name: str) -> str:
    return str(fields.get(name, "")).strip()
