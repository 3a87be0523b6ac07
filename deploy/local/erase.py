"""The command ./aftale erase: erases private texts and files of a case or a person at every service that keeps any."""

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from deploy.local.as_operator import Operator
from deploy.local.quantities import quantity
from deploy.local.settings import EVENT_SOURCED


def erase(operator: Operator, case: str | None, person: str | None, *, dry_run: bool, console: Console) -> int:
    """Erases, or with `dry_run` only reports; returns the number of keys and files. Raises UserError.

    If a service is unreachable, what the services before it erased stays erased; run the command again once it answers.
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
    """Describes what is erased. Empty names and names with `~` are texts of the case; others are ids of persons."""
    persons = sorted(one for one in about if one and not one.startswith("~"))
    parts = ["the texts of the case"] if len(persons) < len(about) else []
    parts += [f"private texts about {person}" for person in persons]
    parts += [quantity(files, "file")] if files else []
    return ", ".join(parts)
