"""The commands ./aftale notice ...: show a message as people read it, and have told what was given up."""

from collections.abc import Iterable
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from deploy.local.as_operator import Operator
from deploy.local.machine import Machine
from deploy.local.processes import UserError
from deploy.local.quantities import quantity
from deploy.local.settings import Settings
from services.notices.lookups.text_files import load_texts
from services.notices.rules.errors import UnfitValues
from services.notices.rules.text_examples import example_of
from services.notices.rules.text_reading import LANGUAGES
from shared.contracts.notices import Occasion, Recipient
from shared.policy.policies import load_policies

NameT = TypeVar("NameT", bound=str)

commands = typer.Typer(no_args_is_help=True, help="The messages that people get, as they read.")


@commands.callback()
def about() -> None:
    """The messages that people get, as they read."""


@commands.command()
def preview(
    occasion: Annotated[str | None, typer.Argument(metavar="[OCCASION]", help="Without one: list them.")] = None,
    language: Annotated[str, typer.Option(help="da or en.")] = "da",
    to: Annotated[str | None, typer.Option(help="The recipient, as safety_representative; else the first one.")] = None,
    outcome: Annotated[str | None, typer.Option(help="The outcome or kind, as breached; else the first one.")] = None,
    as_html: Annotated[bool, typer.Option("--html", help="As the HTML part of an e-mail.")] = False,
) -> None:
    """Show the message about an occasion, with the values of a made-up case; nothing is sent."""
    if occasion is None:
        raise UserError(f"Name an occasion: {', '.join(Occasion)}.")
    found, chosen = _one_of(Occasion, occasion, "occasion"), _one_of(LANGUAGES, language, "language")
    recipient = None if to is None else _one_of(Recipient, to, "recipient")
    policy = load_policies().by_effective_date[-1]
    try:
        text = example_of(load_texts(), found, chosen, policy, recipient, outcome).text
    except UnfitValues as unfit:
        raise UserError(f"{unfit}.") from unfit
    print(text.html if as_html else f"{text.subject}\n\n{text.plain}", end="")


@commands.command()
def again(
    case: Annotated[UUID | None, typer.Option(help="Only of this case, by the id of its agreement.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are.")] = False,
) -> None:
    """Tell what was given up because nobody could be reached, as after the mail server was away for days.

    What is settled or pointless by now is not told. It can be repeated after an interruption.
    """
    operator = Operator(Machine(Settings()))
    pages = operator.tell_again(None if case is None else str(case), dry_run=dry_run)
    matters = [one["matters"] for page in pages for one in page["reopened"]]
    would = "would be" if dry_run else "is" if sum(matters) == 1 else "are"
    print(f"{quantity(sum(matters), 'matter')} of {quantity(len(matters), 'case')} {would} told again.")


def _one_of(names: Iterable[NameT], name: str, what: str) -> NameT:
    """Returns the one of the names that was written. Raises UserError if there is none."""
    known = list(names)
    found = next((one for one in known if one == name), None)
    if found is None:
        raise UserError(f"There is no {what} {name}; there are: {', '.join(known)}.")
    return found
