"""The commands ./aftale portal ...: have the company portal told again (R29)."""

from typing import Annotated

import typer

from deploy.local.as_operator import Operator
from deploy.local.machine import Machine
from deploy.local.quantities import quantity
from deploy.local.settings import Settings

commands = typer.Typer(no_args_is_help=True, help="The company portal, to which notices are pushed.")


@commands.callback()
def about() -> None:
    """The company portal, to which notices are pushed."""


@commands.command()
def push(
    after: Annotated[int, typer.Option(min=0, help="The position behind which it is told again; 0 for everything.")],
) -> None:
    """Push entries that the portal has taken once more, under the same ids, as after it lost data."""
    again = Operator(Machine(Settings())).push_again(after)
    print(f"{quantity(again, 'entry is', 'entries are')} pushed again; ./aftale status tells how far.")
