"""The commands ./aftale dates ...: compare open deadlines with today's calendar, and count them again (R27)."""

from collections import Counter
from typing import Annotated, Any

import typer

from deploy.local.as_operator import Operator
from deploy.local.machine import Machine
from deploy.local.processes import UserError
from deploy.local.quantities import quantity
from deploy.local.settings import COUNTS_DEADLINES, Settings

commands = typer.Typer(
    no_args_is_help=True, help="Open deadlines that the calendar of this release gives otherwise than they stand."
)
_EXPLAINED = 20
"""How many deadlines are shown with both explanations; the others are counted."""
_WHY_IT_STAYS = {
    "earlier": "stays, because a company's deadline is never moved to an earlier day",
    "over": "stays, because the other day is over",
}

_Language = Annotated[str, typer.Option(help="da or en.")]


@commands.command()
def check(language: _Language = "en") -> None:
    """Compare every open deadline with today's calendar; exit with 1 if a recount would move one. Nothing is changed.

    Each is counted by the policy by which it was counted first, so that only a calendar that was corrected by a release
    gives another day: a policy that begins later touches only what begins under it.
    """
    if language not in ("da", "en"):
        raise UserError(f"--language is da or en, not {language}.")
    operator = Operator(Machine(Settings()))
    compared, differing = 0, list[tuple[str, Any]]()
    for service in COUNTS_DEADLINES:
        for page in operator.dates(service):
            compared += page["compared"]
            differing += [(service, one) for one in page["differing"]]
    if not differing:
        print(f"The calendar of today gives every open deadline as it stands; {quantity(compared, 'stream')} compared.")
        return
    told = [_as_text(service, one, language) for service, one in differing[:_EXPLAINED]]
    if len(differing) > _EXPLAINED:
        told.append(f"... and {quantity(len(differing) - _EXPLAINED, 'other')}.")
    summary = ", ".join(f"{number:,} {name}" for name, number in _counted(differing).items())
    text = "\n".join([f"{quantity(len(differing), 'open deadline')} would be counted otherwise today:", *told, summary])
    if any(one["stays"] is None for _, one in differing):
        raise UserError(f"{text}\n./aftale dates recount --reason ... moves what does not stay.")
    print(text)


@commands.command()
def recount(
    reason: Annotated[str, typer.Option(help="Why the calendar was corrected; kept for ever, and both sides read it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many cases would get other dates.")] = False,
) -> None:
    """Move open deadlines to what the corrected calendar gives, with every date that hangs on them.

    A company's deadline is never moved to an earlier day, and what has passed stays. It can be repeated after an
    interruption: what was moved stays.
    """
    operator = Operator(Machine(Settings()))
    facts = Counter[str]()
    for service in COUNTS_DEADLINES:
        for page in operator.recount(service, reason, dry_run=dry_run):
            facts.update(fact for case in page["recounted"] for fact in case["recorded"])
    would = "would be " if dry_run else ""
    print(f"{quantity(facts.total(), 'deadline')} {would}moved{'.' if not facts else ':'}")
    for fact, number in sorted(facts.items()):
        print(f"  {fact}: {number:,}")


def _as_text(service: str, one: Any, language: str) -> str:
    standing, would_be = one["standing"], one["would_be"]
    stays = f"\n  {_WHY_IT_STAYS[one['stays']]}" if one["stays"] else ""
    return (
        f"{service} {one['case']}: {one['date']} stands on {standing['last_day']}, would be {would_be['last_day']}"
        f"{stays}\n  as it stands: {standing['why'][language]}\n  as of today: {would_be['why'][language]}"
    )


def _counted(differing: list[tuple[str, Any]]) -> Counter[str]:
    return Counter(f"{one['date']} {'stay' if one['stays'] else 'move'}" for _, one in differing)
