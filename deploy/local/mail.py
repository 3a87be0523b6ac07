"""The mail server of this machine, and ./aftale mail, which shows what it took: nothing leaves the machine."""

import mailbox
import sys
from collections.abc import Collection, Iterator
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local.ports import HOST
from deploy.local.processes import UserError
from deploy.local.settings import Settings

NAME = "mail"
"""Of the process, and of the folder in the state folder (a maildir)."""
_SHOWN = 50


def command(folder: Path, port: int) -> list[str]:
    """Returns the command that runs the server: it writes each message into the maildir."""
    server = [sys.executable, "-m", "aiosmtpd", "--nosetuid", "--listen", f"{HOST}:{port}"]
    return [*server, "--class", "aiosmtpd.handlers.Mailbox", str(folder)]


def show(
    number: Annotated[int | None, typer.Argument(help="Show this one as text; without it: list the newest.")] = None,
) -> None:
    """Show the e-mails that were sent to the mail server of this machine, the newest first."""
    folder = Settings().state.folder / NAME
    if not (folder / "cur").is_dir():
        raise UserError("There is no mail yet: ./aftale demo fills the mailbox, and ./aftale up starts its server.")
    messages = sorted(mailbox.Maildir(folder, create=False), key=_sent_at, reverse=True)
    if number is None:
        shown = Table(box=None, pad_edge=False)
        for heading in ("number", "sent", "to", "subject"):
            shown.add_column(heading, justify="right" if heading == "number" else "left", overflow="fold")
        for place, one in enumerate(messages[:_SHOWN], start=1):
            shown.add_row(str(place), *map(escape, _heads(one)))
        Console().print(shown)
        print(f"{len(messages):,} messages; ./aftale mail NUMBER shows one.")
    elif 1 <= number <= len(messages):
        print(_as_text(messages[number - 1]), end="")
    else:
        raise UserError(f"There is no message {number}; there are {len(messages):,}.")


def erase(folder: Path, ids: Collection[str], *, dry_run: bool) -> int:
    """R31: deletes the messages with these Message-IDs from the maildir; returns how many there were."""
    found = [file for file in _files(folder) if _message_id(file) in ids] if ids else []
    for file in () if dry_run else found:
        file.unlink(missing_ok=True)
    return len(found)


def _files(folder: Path) -> Iterator[Path]:
    """Yields every file of the maildir, also those that were being written when the server was stopped."""
    for state in ("new", "cur", "tmp"):
        yield from (folder / state).glob("*")


def _message_id(file: Path) -> str:
    try:
        with file.open("rb") as lines:
            return str(BytesHeaderParser().parse(lines)["Message-ID"] or "").strip(" <>")
    except FileNotFoundError:  # the server has moved it meanwhile, from tmp to new
        return ""


def _heads(message: Message) -> tuple[str, str, str]:
    return f"{_sent_at(message):%Y-%m-%d %H:%M}", _header(message, "To"), _header(message, "Subject")


def _as_text(message: Message) -> str:
    heads = [f"{name}: {_header(message, name)}" for name in ("From", "To", "Date", "Subject", "Message-ID")]
    part = next(one for one in message.walk() if one.get_content_type() == "text/plain")
    content = part.get_payload(decode=True)
    body = content.decode(part.get_content_charset() or "utf-8", "replace") if isinstance(content, bytes) else ""
    return "\n".join([*heads, "", body])


def _header(message: Message, name: str) -> str:
    return str(make_header(decode_header(message[name] or "")))


def _sent_at(message: Message) -> datetime:
    return parsedate_to_datetime(message["Date"])
