"""The command ./aftale reconcile: compares what sources report with what each service received."""

import time
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.as_operator import Operator
from deploy.local.processes import UserError

SILENT_SECONDS = 15.0
"""How long to wait without progress for sources that have not been compared yet."""
_POLL_SECONDS = 0.2


def reconcile(operator: Operator, services: list[str], *, everything: bool, console: Console) -> bool:
    """Compares now and prints the result; returns whether nothing is missing. Raises UserError if a service is down."""
    begun = datetime.now(UTC)
    for service in services:
        operator.compare(service, everything=everything)
    table = Table("service", "source", "compared up to", "when", "missing", box=None, header_style="bold")
    complete = True
    for service, found in _compared(operator, services, begun).items():
        for one in found["sources"]:
            missing = sum(stream["source"] == one["source"] for stream in found["streams"])
            when = "never: unproven" if not one["proven"] else _local(one["compared_at"])
            table.add_row(service, one["source"], f"{one['position']:,}", when, str(missing))
        complete = complete and not found["missing"]
    console.print(table)
    return complete


def _compared(operator: Operator, services: list[str], begun: datetime) -> dict[str, Any]:
    """Returns the state of all services once every source that answers has been compared since `begun`."""
    moved_at, before = time.monotonic(), None
    while True:
        found = {service: operator.completeness(service) for service in services}
        waiting = [one for told in found.values() for one in told["sources"] if not _is_done(one, begun)]
        if waiting != before:
            moved_at, before = time.monotonic(), waiting
        if not waiting or time.monotonic() > moved_at + SILENT_SECONDS:
            return found
        time.sleep(_POLL_SECONDS)


def _is_done(source: Any, begun: datetime) -> bool:
    compared_at = source["compared_at"]
    return (
        compared_at is not None
        and datetime.fromisoformat(compared_at) >= begun
        and source["compares_all_because"] is None
    )


def _local(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"


def command(operator: Operator, services: list[str], *, everything: bool) -> None:
    """Compares now and prints the result. Raises UserError (exit status 1) if something is missing."""
    if not reconcile(operator, services, everything=everything, console=Console()):
        raise UserError("Something is missing: docs/operations/when-something-waits.md says what to do.")
