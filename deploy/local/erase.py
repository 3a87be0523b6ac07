"""The command ./aftale erase: private texts and files of a case or a person, at every service that keeps any."""

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from deploy.local.as_operator import Operator
from deploy.local.counted import counted
from deploy.local.settings import EVENT_SOURCED


def erase(operator: Operator, case: str | None, person: str | None, *, dry_run: bool, console: Console) -> int:
    """Erase, or with `dry_run` only say what; returns how many keys and files there were. Raises Fault.

    A service that is away keeps nobody else from erasing: the command is given again once it is back.
    """
    table = Table("service", "case", "what", box=None, header_style="bold")
    found = 0
    for service in EVENT_SOURCED:
        erased = operator.erase(service, case, person, dry_run=dry_run)
        found += len(erased["parts"]) + erased["files"]
        about: dict[str, list[str]] = defaultdict(list)
        for part in erased["parts"]:
            about[part["case"]].append(part["about"])
        if erased["files"]:
            about.setdefault(str(case), [])
        for of_case, whom in sorted(about.items()):
            table.add_row(service, of_case, _what(whom, erased["files"]))
    console.print("Would be erased:" if dry_run else "Erased, for ever:")
    console.print(table)
    if not found:
        console.print("nothing")
    return found


def _what(about: Sequence[str], files: int) -> str:
    """Texts of the case itself have no name, or `~2`, `~3` …; all others are about the person whose id is named."""
    persons = sorted(one for one in about if one and not one.startswith("~"))
    said = ["the texts of the case"] if len(persons) < len(about) else []
    said += [f"what is private about {person}" for person in persons]
    said += [counted(files, "file")] if files else []
    return ", ".join(said)
