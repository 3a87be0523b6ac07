"""Shows the result of the demo: all cases, the tasks, and its figures with the published ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from deploy.demo.companies import everybody, studied
from deploy.demo.measures_by_ladder_level import LEVELS, Counts, Line, differences, lines
from deploy.demo.outcomes import Outcome, outcomes
from deploy.demo.people import INSPECTORS, Person
from shared.deadlines.copenhagen import local_day
from shared.http.tokens import Role, pseudonym

_NUMBERS = {company.p_number: str(company.number) for company in everybody()}
_STUDIED = frozenset(company.p_number for company in studied())
_NAMES = {pseudonym(Role.INSPECTOR, name): name for name in INSPECTORS}


async def show(console: Console, inspector: Person) -> None:
    """Reads everything from reporting as an inspector, and prints it."""
    cases = await _all_cases(inspector)
    tasks = (await inspector.get("reporting", "/v1/tasks"))["tasks"]
    ladder = (await inspector.get("reporting", "/v1/statistics/ladder"))["rows"]
    console.print(_cases(cases))
    console.print(_tasks(tasks))
    compared = lines(ladder)
    console.print(_ladders(compared))
    console.print("Differences:")
    for difference in differences(compared):
        console.print(f"  {difference}")
    console.print(_outcomes(outcomes(await _studied(inspector, cases))))


async def _all_cases(inspector: Person) -> list[dict[str, Any]]:
    page = await inspector.get("reporting", "/v1/cases")
    cases: list[dict[str, Any]] = page["cases"]
    while page["next_cursor"]:
        page = await inspector.get("reporting", "/v1/cases", cursor=page["next_cursor"])
        cases += page["cases"]
    return cases


async def _studied(inspector: Person, cases: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        await inspector.get("reporting", f"/v1/cases/{case['case_id']}")
        for case in cases
        if case["case_type"] == "agreement" and case["p_number"] in _STUDIED
    ]


def _cases(cases: Sequence[Mapping[str, Any]]) -> Table:
    title = "The one view: agreements, orders and other cases (an agreement is not a decision and affects no smiley)"
    table = Table(title=title, caption="* follows from an agreement of the same company", box=SIMPLE, pad_edge=False)
    for column in ("opened", "case", "id", "company", "topic", "inspector", "status", "what is next"):
        table.add_column(column, no_wrap=True)
    for case in reversed(cases):
        following = case["next"]
        table.add_row(
            local_day(datetime.fromisoformat(case["opened_at"])).isoformat(),
            _what(case),
            case["case_id"],
            _NUMBERS.get(case["p_number"], "?"),
            case["topic"] or "-",
            _NAMES.get(case["inspector"], "-"),
            case["status"],
            _next(following) if following else "-",
        )
    return table


def _what(case: Mapping[str, Any]) -> str:
    what: str = case["kind"] if case["case_type"] == "other" else case["case_type"]
    return f"{what} *" if case["agreement_id"] else what


def _next(following: Mapping[str, Any]) -> str:
    due = following["due"]
    return f"{following['step']} by {following['by']}" + (f", {_last_day(due)}" if due else "")


def _last_day(exclusive_end: str) -> str:
    return local_day(datetime.fromisoformat(exclusive_end) - timedelta(microseconds=1)).isoformat()


def _tasks(tasks: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Tasks of the inspectors" if tasks else "Tasks of the inspectors: none are open", box=SIMPLE)
    for column in ("inspector", "task", "company", "due"):
        table.add_column(column)
    for task in sorted(tasks, key=lambda one: _NAMES.get(one["inspector"], "-")):
        due = _last_day(task["due"]) if task["due"] else "-"
        table.add_row(_NAMES.get(task["inspector"], "-"), task["kind"], _NUMBERS.get(task["p_number"], "?"), due)
    return table


def _ladders(compared: Sequence[Line]) -> Table:
    table = Table(title="Measures of the 20 companies by ladder level", box=SIMPLE)
    table.add_column("companies and ladder")
    table.add_column("counted")
    for level in LEVELS:
        table.add_column(f"level {level}", justify="right")
    table.add_column("all", justify="right")
    for line in compared:
        sources: list[tuple[str, Counts | None]] = [
            ("here", line.reported),
            ("published table", line.table),
            ("published text", line.text),
        ]
        for source, counts in sources:
            if counts is not None:
                numbers = [str(counts.get(level, 0)) for level in LEVELS]
                name = f"{line.group}, {line.ladder} ladder" if source == "here" else ""
                table.add_row(name, source, *numbers, str(sum(counts.values())))
    return table


def _outcomes(compared: Sequence[Outcome]) -> Table:
    table = Table(title="What became of the 20 companies", box=SIMPLE)
    table.add_column("outcome")
    table.add_column("here", justify="right")
    table.add_column("published", justify="right")
    table.add_column("")
    for one in compared:
        here, remark = ("-", "not recorded here") if one.here is None else (str(one.here), "")
        table.add_row(one.name, here, str(one.published), "differs" if one.differs else remark)
    return table
