"""The command ./aftale erase: private texts and files of a case or a person, at every service that keeps any."""

from rich.console import Console
from rich.table import Table

from deploy.local.as_operator import Operator
from deploy.local.settings import EVENT_SOURCED


def erase(operator: Operator, case: str | None, person: str | None, *, dry_run: bool, console: Console) -> int:
    """Erase, or with `dry_run` only say what; returns how many keys and files there were. Raises Fault.

    A service that is away keeps nobody else from erasing: the command is given again once it is back.
    """
    table = Table("service", "cases", "keys", "files", box=None, header_style="bold")
    found = 0
    for service in EVENT_SOURCED:
        erased = operator.erase(service, case, person, dry_run=dry_run)
        found += len(erased["parts"]) + erased["files"]
        cases = {part["case"] for part in erased["parts"]}
        table.add_row(service, str(len(cases)), str(len(erased["parts"])), str(erased["files"]))
    console.print("Would be erased:" if dry_run else "Erased, for ever:")
    console.print(table)
    return found
