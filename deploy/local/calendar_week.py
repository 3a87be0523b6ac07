"""Draws a week of calendars in the terminal, as control shows it to the authority over HTTP."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.as_operator import Operator
from deploy.local.processes import UserError
from deploy.local.quantities import quantity

_DAYS_ALWAYS_SHOWN = 5
_KINDS = {"control": "control", "planned-control": "planned", "inspection": "inspection"}


def show_week(operator: Operator, week: str, person: str | None, centre: str | None, console: Console) -> None:
    """Prints the visits of a week, a row for each inspector. Raises UserError if there is no such week or centre."""
    monday = _monday(week)
    visits = operator.calendar(week, person, None if centre is None else centre.lower())
    console.print(f"{week}: {monday:%Y-%m-%d} to {monday + timedelta(days=6):%Y-%m-%d}", highlight=False)
    if not visits:
        console.print("Nobody is visited.")
        return
    console.print("", drawn(visits, monday))
    late = sum(visit["late"] for visit in visits)
    told = sum(visit["announced"] for visit in visits)
    console.print(
        f"\n{quantity(len(visits), 'visit')}: {told} announced (*), {late} after the window (!). "
        "The others are hidden from companies.",
        highlight=False,
    )


def drawn(visits: Sequence[Mapping[str, Any]], monday: date) -> Table:
    """Returns a table: a row for each inspector, a column for each day; of the weekend only what has visits."""
    days = [monday + timedelta(days=number) for number in range(7)]
    days = days[: max(_DAYS_ALWAYS_SHOWN, *(1 + _weekday(visit) for visit in visits))]
    table = Table(box=None, pad_edge=False)
    table.add_column("inspector", overflow="fold")
    for day in days:
        table.add_column(f"{day:%a %d}", overflow="fold")
    for inspector in sorted({visit["inspector"] for visit in visits}):
        own = [visit for visit in visits if visit["inspector"] == inspector]
        cells = ("\n".join(_told(visit) for visit in own if visit["day"] == day.isoformat()) for day in days)
        table.add_row(Text(inspector), *(Text(cell) for cell in cells))
    return table


def _told(visit: Mapping[str, Any]) -> str:
    marks = ("*" if visit["announced"] else "") + ("!" if visit["late"] else "")
    kind = _KINDS.get(visit["kind"], visit["kind"])
    return f"{visit['begins'][:5]}-{visit['ends'][:5]}{marks}\n{kind}\n{visit['p_number']}"


def _weekday(visit: Mapping[str, Any]) -> int:
    return date.fromisoformat(visit["day"]).weekday()


def _monday(week: str) -> date:
    year, separator, number = week.partition("-W")
    try:
        if not separator or len(number) != len("50"):
            raise ValueError(week)
        return date.fromisocalendar(int(year), int(number), 1)
    except ValueError as error:
        raise UserError(f"{week} is not a week: write it as 2026-W50.") from error
