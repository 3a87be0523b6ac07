"""The command ./aftale erase: erases private texts, files and e-mails about a case or a person, wherever they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local import mail
from deploy.local.as_operator import Operator
from deploy.local.quantities import quantity
from deploy.local.settings import EVENT_SOURCED


@dataclass
class _Found:
    """What is erased, or would be."""

    keys: dict[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """Whom the keys of each case are about, by service and case."""
    files: dict[str, int] = field(default_factory=dict)
    """Number of files of the case, by service."""
    mails: int = 0
    """Number of messages in the mailbox of this machine."""

    @property
    def number(self) -> int:
        """Number of keys, files and messages."""
        keys = sum(len(about) for cases in self.keys.values() for about in cases.values())
        return keys + sum(self.files.values()) + self.mails

    def cases_of(self, person: str) -> list[str]:
        """Returns the cases in which anything private about a person was found."""
        return sorted({case for cases in self.keys.values() for case, about in cases.items() if person in about})


def erase(
    operator: Operator, case: str | None, person: str | None, *, mailbox: Path, dry_run: bool, console: Console
) -> int:
    """Erases, or with `dry_run` only reports; returns the number of keys, files and e-mails. Raises UserError.

    `mailbox` is the maildir of this machine's mail server. If a service is unreachable, what the services before it
    erased stays erased; run the command again once it answers.
    """
    found = _Found()
    for service in EVENT_SOURCED:
        _erase_at(service, operator, case, person, found, dry_run=dry_run)
    # Last: once the keys are destroyed, no message with these names can be written any more.
    found.mails = mail.erase(mailbox, _messages(operator, case, person, found), dry_run=dry_run)
    console.print("Would be erased:" if dry_run else "Erased, for ever:")
    console.print(_shown(found, case))
    if not found.number:
        console.print("nothing")
    return found.number


def _erase_at(
    service: str, operator: Operator, case: str | None, person: str | None, found: _Found, *, dry_run: bool
) -> None:
    erased = operator.erase(service, case, person, dry_run=dry_run)
    about: dict[str, list[str]] = defaultdict(list)
    for part in erased["parts"]:
        about[part["case"]].append(part["about"])
    found.keys[service], found.files[service] = about, erased["files"]


def _messages(operator: Operator, case: str | None, person: str | None, found: _Found) -> set[str]:
    """Returns the Message-IDs of what is erased; for a person, also what each of the person's cases may have told."""
    messages = set(operator.messages_about(case, person))
    if case is None and person is not None:
        for one in found.cases_of(person):
            messages |= set(operator.messages_about(one, person))
    return messages


def _shown(found: _Found, case: str | None) -> Table:
    table = Table("where", "case", "what", box=None, header_style="bold")
    for service, cases in found.keys.items():
        files = found.files[service]
        about = {**({str(case): ()} if files else {}), **cases}
        for of_case, whom in sorted(about.items()):
            table.add_row(service, of_case, _what(whom, files))
    if found.mails:
        table.add_row("mailbox", str(case or ""), quantity(found.mails, "e-mail"))
    return table


def _what(about: Sequence[str], files: int) -> str:
    """Describes what is erased. Empty names and names with `~` are texts of the case; others are ids of persons."""
    persons = sorted(one for one in about if one and not one.startswith("~"))
    parts = ["the texts of the case"] if len(persons) < len(about) else []
    parts += [f"private texts about {person}" for person in persons]
    parts += [quantity(files, "file")] if files else []
    return ", ".join(parts)
